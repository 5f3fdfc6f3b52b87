// Enzyme for lessons of the time of React 16. React itself is a global of the page.
import Enzyme from "enzyme";
import Adapter from "enzyme-adapter-react-16";

Enzyme.configure({ adapter: new Adapter() });
globalThis.Enzyme = Enzyme;
