// Parsers that enzyme brings derive from Node's streams and never use them.
class Stream {}

export const Transform = Stream, Writable = Stream, Readable = Stream;
