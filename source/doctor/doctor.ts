/** `sockchat doctor`: what works here, which settings hold, and their sources. */
import process from 'node:process';
import {isatty} from 'node:tty';
import {SockchatError} from '../errors.js';
import {contradictionIn} from '../options/contradictions.js';
import {readConfig} from '../options/config/file.js';
import {flagNames, writtenFlag, type FlagName} from '../options/flags.js';
import {readLoginName} from '../chat/login-name.js';
import {optionsOf} from '../options/chat/parse.js';
import type {RoomModeOptions} from '../options/options.js';
import type {GivenFlags} from '../options/reader.js';
import {settle, type Settings} from '../options/settings.js';
import {toDisplay} from '../protocol/display.js';
import {systemClock} from '../socket/clock.js';
import {tryCapture} from '../watch/capture.js';
import {
	checkAddress,
	checkCapture,
	checkConfig,
	checkFiles,
	checkHistory,
	checkKernelTables,
	checkNode,
	checkTerminal,
	type Check,
} from './checks.js';

type SettingRow = {
	readonly command: 'sockchat' | 'serve' | 'connect';
	readonly name: string;
	readonly value: string | true;
	readonly from: string;
};

export type Diagnosis = {
	readonly works: boolean;
	readonly checks: readonly Check[];
	readonly settings: readonly SettingRow[];
};

const commands = ['join', 'serve', 'connect'] as const;

const rowsOf = (
	command: SettingRow['command'],
	{given, origins}: Settings,
): SettingRow[] =>
	flagNames.flatMap(name => {
		const value = given[name];
		return value === undefined
			? []
			: [
					{
						command,
						name: writtenFlag(name).slice(2),
						value,
						from: origins[name] ?? 'flag',
					},
				];
	});

/** What holds if nobody says otherwise. */
const defaultsOf = (
	given: GivenFlags,
	options: RoomModeOptions,
): SettingRow[] => {
	const {address, nick} = options;
	const history = 'history' in options ? options.history : undefined;
	const place: Array<[FlagName, string]> =
		address.kind === 'tcp'
			? [
					['port', String(address.port)],
					['host', address.host],
				]
			: [];
	const rows: Array<[FlagName, string]> = [
		...place,
		['nick', nick],
		...(history ? [['history', history.path] as [FlagName, string]] : []),
	];
	return rows
		.filter(([name]) => given[name] === undefined)
		.map(([name, value]) => ({
			command: 'sockchat',
			name,
			value,
			from: 'default',
		}));
};

/** @param typed The flags of the command line. */
const diagnose = async (typed: GivenFlags): Promise<Diagnosis> => {
	const {env, stdout} = process;
	const found = await readConfig(env);
	const config = found instanceof SockchatError ? undefined : found;
	const {json, ...rest} = typed;
	const settings = commands.map(
		command => [command, settle(rest, command, env, config)] as const,
	);
	const options = optionsOf(
		{command: 'join', given: rest},
		{isTerminal: false, loginName: readLoginName, env, config},
	);
	const wrong = settings.flatMap(
		([, {given, origins}]) => contradictionIn(given, origins) ?? [],
	)[0];
	const isTerminal = isatty(0) && isatty(1);
	const checks: Check[] = [
		checkNode(),
		checkTerminal({
			isTerminal,
			columns: isTerminal ? stdout.columns : 0,
			rows: isTerminal ? stdout.rows : 0,
			colourBits: isTerminal ? stdout.getColorDepth(env) : 1,
			env,
		}),
		checkFiles(),
		await checkKernelTables(),
		checkCapture(await tryCapture(systemClock)),
		checkConfig(env, found instanceof SockchatError ? found : wrong),
	];
	const all = settings.flatMap(([command, each]) =>
		rowsOf(command === 'join' ? 'sockchat' : command, each),
	);
	if (env['SOCKCHAT_TOKEN'] !== undefined && rest.tokenFile === undefined) {
		all.unshift({
			command: 'sockchat',
			name: 'token',
			value: 'not shown',
			from: 'SOCKCHAT_TOKEN',
		});
	}

	if (options instanceof SockchatError) {
		checks.push({name: 'settings', status: 'fails', text: options.message});
	} else if (options.mode === 'room' && 'history' in options) {
		checks.push(
			await checkAddress(options.address),
			checkHistory(options.history),
		);
		all.unshift(...defaultsOf(settings[0]![1].given, options));
	}

	return {
		works: checks.every(({status}) => status !== 'fails'),
		checks,
		settings: all,
	};
};

const isSame = (one: SettingRow, other: SettingRow): boolean =>
	one.name === other.name &&
	one.value === other.value &&
	one.from === other.from;

/** As lines; what holds for `sockchat` is not repeated for its commands. */
const linesOf = ({checks, settings}: Diagnosis): string[] => {
	const shown = settings.filter(
		row =>
			row.command === 'sockchat' ||
			settings.every(
				other => other.command !== 'sockchat' || !isSame(row, other),
			),
	);
	return [
		...checks.map(
			({name, status, text}) => `${status.padEnd(5)}  ${name}: ${text}`,
		),
		...shown.map(
			({command, name, value, from}) =>
				`       ${command === 'sockchat' ? '' : `${command} `}${name} = ${value} (${from})`,
		),
	];
};

/** @returns The report as it is printed, and whether all works. */
export const runDoctor = async (
	given: GivenFlags,
): Promise<{text: string; works: boolean}> => {
	const diagnosis = await diagnose(given);
	const text = given.json
		? JSON.stringify(diagnosis)
		: linesOf(diagnosis)
				.map(line => toDisplay(line))
				.join('\n');
	return {text, works: diagnosis.works};
};
