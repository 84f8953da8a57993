/**
 * What is shown faintly after the draft while a command is typed or Tab has a
 * choice: what it can become, and what it takes.
 */
import type {Described} from '../../commands/help.js';
import type {OfferedCommand} from '../../protocol/frame.js';
import {toDisplay} from '../../protocol/display.js';
import {aliases, commands} from '../../commands/registry.js';
import type {Draft} from './draft.js';

// More names than this help nobody.
const maxNames = 8;

const listed = (names: readonly string[]): string =>
	names.length > maxNames
		? `${names.slice(0, maxNames).join(' ')} …`
		: names.join(' ');

const described = (
	name: string,
	offered: readonly OfferedCommand[],
	own: readonly Described[],
): string => {
	const command = [...own, ...commands].find(
		known => `/${known.name}` === name,
	);
	if (command) {
		return `${command.usage}  ${command.summary}`;
	}

	const bot = offered.find(each => `/${each.name}` === name);
	return bot ? toDisplay(`${bot.usage}  ${bot.help} (${bot.from})`) : '';
};

/**
 * @param known The names of the commands there are, with their slashes.
 * @param offered Those of them that bots offer.
 * @param own Those that the registry doesn't have, or has otherwise.
 * @returns Empty if there is nothing to say.
 */
export const hintFor = (
	{text, caret, completion}: Draft,
	known: readonly string[],
	offered: readonly OfferedCommand[] = [],
	own: readonly Described[] = [],
): string => {
	if (caret < text.length) {
		return '';
	}

	if (completion !== undefined) {
		const {choices, index} = completion;
		const others = [...choices.slice(index + 1), ...choices.slice(0, index)];
		return listed(others.map(choice => choice.replace(/:? ?$/, '')));
	}

	const [, name, blank] = /^(\/[a-z\d-]*)(\s*)$/i.exec(text) ?? [];
	if (name === undefined) {
		return '';
	}

	const alias = aliases.get(name.slice(1).toLowerCase());
	const typed =
		blank === '' || alias === undefined ? name.toLowerCase() : `/${alias}`;
	if (blank !== '' || (known.includes(typed) && typed !== '/')) {
		return known.includes(typed) ? described(typed, offered, own).trim() : '';
	}

	const [first, ...others] = known.filter(each => each.startsWith(typed));
	if (first === undefined) {
		return '';
	}

	return others.length === 0
		? `${first} ${described(first, offered, own)}`
		: listed([first, ...others]);
};
