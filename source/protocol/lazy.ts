/**
 * Creates a value on first use.
 *
 * For regular expressions with Unicode properties: V8 takes up to 20 ms to build
 * one, and most starts need none.
 */
export const lazy = <Value>(make: () => Value): (() => Value) => {
	let made: {readonly value: Value} | undefined;
	return () => {
		made ??= {value: make()};
		return made.value;
	};
};
