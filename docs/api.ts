/**
 * docs/api.md: the declarations of the library, as the build rolls them up, and
 * the programs of examples/, which tests run.
 */
import {existsSync, readdirSync, readFileSync} from 'node:fs';

const root = new URL('../', import.meta.url);
const declarations = new URL('dist/index.d.cts', root);

type Declaration = {
	readonly name: string;
	readonly isFunction: boolean;
	/** As it stands there, with its comment. */
	readonly text: string;
};

/** @param text Of the file: each declaration begins at the start of a line. */
export const readDeclarations = (text: string): readonly Declaration[] =>
	text.split(/\n(?=\/\*\*|(?<!\*\/\n)export )/).flatMap(part => {
		const found =
			/^export (?:declare )?(?:(const|function)|type|class|interface) (\w+)/m.exec(
				part,
			);
		return found
			? [
					{
						name: found[2]!,
						isFunction: part.includes('=> Promise') && found[1] === 'const',
						text: part.trim(),
					},
				]
			: [];
	});

const fenced = (text: string): string => `\`\`\`ts\n${text.trim()}\n\`\`\``;

const section = ({name, isFunction, text}: Declaration): string =>
	`### ${isFunction ? `${name}()` : name}\n\n${fenced(text)}`;

/** Functions first, then the types by name. */
export const apiReference = (): string => {
	if (!existsSync(declarations)) {
		throw new Error('There is no dist/index.d.cts: npm run build makes it.');
	}

	const all = readDeclarations(readFileSync(declarations, 'utf8'));
	const byName = all.toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
	return [
		...byName.filter(({isFunction}) => isFunction),
		...byName.filter(({isFunction}) => !isFunction),
	]
		.map(declaration => section(declaration))
		.join('\n\n');
};

export const exampleTexts = (): string => {
	const folder = new URL('examples/', root);
	return readdirSync(folder)
		.toSorted()
		.map(
			name =>
				`### ${name}\n\n${fenced(readFileSync(new URL(name, folder), 'utf8'))}`,
		)
		.join('\n\n');
};
