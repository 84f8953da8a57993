/**
 * A value that is made when it is first asked for.
 *
 * For regular expressions on properties of characters: V8 takes up to 20 ms to
 * build one, and most starts need none.
 */
export const lazily = <Value>(make: () => Value): (() => Value) => {
	let made: {readonly value: Value} | undefined;
	return () => {
		made ??= {value: make()};
		return made.value;
	};
};
