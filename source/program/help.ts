/** `--help`, `help` and `--version`. */
import type {Command} from '../options/flags.js';
import type {Output} from '../plain/output.js';
import {readPackage} from './package.js';

export const printHelp = async (
	output: Output,
	command: Command,
): Promise<void> => {
	const {helpText} = await import('../options/help.js');
	const {description} = await readPackage();
	const title = command === 'join' ? `${description!}\n\n` : '';
	output.write(`${title}${helpText(command)}\n`);
};

export const readVersion = async (): Promise<string> => {
	const {version} = await readPackage();
	return version!;
};

export const printVersion = async (output: Output): Promise<void> => {
	output.write(`${await readVersion()}\n`);
};
