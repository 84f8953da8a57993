/** The same stream, with some methods of its own. */
export const withMethods = <Stream extends object>(
	stream: Stream,
	own: Readonly<Record<PropertyKey, unknown>>,
): Stream =>
	new Proxy(stream, {
		get(_target, key) {
			if (Object.hasOwn(own, key)) {
				return own[key];
			}

			const value: unknown = Reflect.get(stream, key);
			return typeof value === 'function'
				? (value.bind(stream) as unknown)
				: value;
		},
	});
