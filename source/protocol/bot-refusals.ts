/** Errors about the commands of bots. */
import {SockchatError} from '../errors.js';

// A name may fill a frame; the answer has to fit into one.
const maxShown = 24;

const shown = (name: string): string =>
	name.length > maxShown ? `${name.slice(0, maxShown).toWellFormed()}⋯` : name;

export const commandInvalid = (why: string) =>
	new SockchatError('ERR_COMMAND_INVALID', why);

/** @param owner The nick of the bot that has it; undefined if it is built in. */
export const commandTaken = (name: string, owner: string | undefined) =>
	new SockchatError(
		'ERR_COMMAND_TAKEN',
		owner === undefined
			? `/${name} is one of sockchat's own commands. Choose another name.`
			: `${owner} offers /${name} already. Choose another name.`,
	);

export const tooManyCommands = (limit: number, isOfRoom: boolean) =>
	new SockchatError(
		'ERR_COMMAND_LIMIT',
		isOfRoom
			? `The bots of this room offer ${limit} commands, and more are not allowed.`
			: `One bot may offer ${limit} commands. Withdraw one first.`,
	);

export const noSuchCommand = (name: string) =>
	new SockchatError(
		'ERR_NO_SUCH_COMMAND',
		`No bot offers /${shown(name)}. /help lists the commands.`,
	);

export const commandGone = (name: string) =>
	new SockchatError(
		'ERR_COMMAND_GONE',
		`The bot of /${name} left before it answered.`,
	);

/** @param machine The bot's, as people call it. */
export const botUnheard = (name: string, machine: string) =>
	new SockchatError(
		'ERR_COMMAND_GONE',
		`The bot of /${name} on ${machine} is no longer heard, so no answer will come; it may have done it.`,
	);

export const botMuted = (name: string) =>
	new SockchatError(
		'ERR_COMMAND_GONE',
		`The host has muted the bot of /${name}: its answer is not passed on.`,
	);

export const answerTooLong = (name: string) =>
	new SockchatError(
		'ERR_TEXT_TOO_LONG',
		`The bot of /${name} answered with a text that is too long: it is not passed on.`,
	);

export const tooManyRequests = (limit: number) =>
	new SockchatError(
		'ERR_BUSY',
		`${limit} commands are not answered yet. Wait for one of them.`,
	);

export const noBots = () =>
	new SockchatError(
		'ERR_NO_BOTS',
		"This room's server is older than the commands of bots. Ask its host for a newer sockchat.",
	);
