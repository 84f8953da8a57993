/** What our package.json says; a binary has it built in instead. */
export type OwnPackage = {
	readonly version?: string | undefined;
	readonly description?: string | undefined;
};

/** Meow finds it, and is loaded only for this. */
export const readPackage = async (): Promise<OwnPackage> => {
	const {default: meow} = await import('meow');
	const {pkg} = meow({
		importMeta: import.meta,
		argv: [],
		autoHelp: false,
		autoVersion: false,
	});
	return pkg;
};
