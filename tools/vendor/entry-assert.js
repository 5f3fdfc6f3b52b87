// What every realm gets that runs tests: chai's assert and the helpers that lessons call as __helpers.
import { assert, AssertionError } from "chai";
import * as helpers from "./curriculum-helpers/packages/helpers/lib/index.ts";
import * as FakeTimers from "@sinonjs/fake-timers";

globalThis.KeptAssert = { assert, AssertionError, helpers: { ...helpers }, FakeTimers };
