package check

// TestEngine is the engine for tests outside of the package.
var TestEngine = engine
