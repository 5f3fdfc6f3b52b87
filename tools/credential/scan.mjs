// What the page /verify takes from packages to read a code that is held before the camera: see web/verify.js.
export {decodeQR} from 'qr/decode.js';
