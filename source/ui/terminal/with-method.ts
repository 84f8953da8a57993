/** The same stream, with a method of its own. */
export const withMethod = <Stream extends object, Name extends keyof Stream>(
	stream: Stream,
	name: Name,
	method: unknown,
): Stream =>
	new Proxy(stream, {
		get(_target, key) {
			if (key === name) {
				return method;
			}

			const value: unknown = Reflect.get(stream, key);
			return typeof value === 'function'
				? (value.bind(stream) as unknown)
				: value;
		},
	});
