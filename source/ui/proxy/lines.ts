/** What is typed to the screen of a proxy. */
import type {OpenProxy} from '../../chat/open-proxy.js';
import {
	helpRow,
	showHelp,
	type Described,
	type HelpRows,
} from '../../commands/help.js';
import type {HandRequest} from '../../commands/hand-request.js';
import {keyHelp} from '../../commands/keys.js';
import {parseProxyScreenLine} from '../../commands/parse.js';
import {commandsOf} from '../../commands/registry.js';
import type {ChatEvent} from '../../event/event.js';
import type {LookSwitch} from '../../hand/looks.js';
import {saveTranscript} from '../../hand/save.js';
import {
	parseProxyLine,
	proxyCommands,
	proxyScope,
} from '../../proxy/commands.js';
import {systemClock} from '../../socket/clock.js';
import type {ScreenActions} from '../screen-chat.js';

/** What the registry has otherwise, as it has no target. */
const lifecycle: Described = {
	name: 'lifecycle',
	usage: '[target] [PEER]',
	summary: "calls and TCP states of clients' connections, or those to it",
};

const ofGroup = (group: 'chat' | 'view'): HelpRows =>
	commandsOf('proxy')
		.filter(command => command.group === group)
		.map(command =>
			helpRow(command.name === lifecycle.name ? lifecycle : command),
		);

/** The topics of /help; the first is shown without one. */
const topics: ReadonlyMap<string, HelpRows> = new Map([
	[
		'faults',
		[
			...proxyCommands.map(command => helpRow(command)),
			['in, out, PEER', proxyScope] as const,
			['/help [TOPIC]', 'list commands; topics: views, keys'] as const,
			...ofGroup('chat').filter(([head]) => !head.startsWith('/help')),
		],
	],
	['views', ofGroup('view')],
	['keys', keyHelp],
]);

export const ownCommands: {
	readonly commands: readonly Described[];
	readonly topics: readonly string[];
} = {
	commands: [...proxyCommands, lifecycle],
	topics: [...topics.keys()],
};

/** With their slashes, as Tab completes them. */
export const slashNames: readonly string[] = [
	...proxyCommands,
	...commandsOf('proxy'),
].map(({name}) => `/${name}`);

export type ProxyLines = {
	readonly proxy: Pick<OpenProxy, 'perform'>;
	readonly emit: (event: ChatEvent) => void;
	/** Turns a way of showing chunks, and says how it is then. */
	readonly turn: (name: LookSwitch, wanted: boolean | undefined) => string;
};

export const createProxyLines = ({proxy, emit, turn}: ProxyLines) => {
	const noticeOf =
		({answered}: ScreenActions): ScreenActions['answered'] =>
		(tone, text) => {
			emit({type: 'notice', at: systemClock.wallMs(), tone, text});
			answered(tone, text);
		};

	const byHand = (request: HandRequest, actions: ScreenActions): void => {
		const notice = noticeOf(actions);
		const {transcript} = actions;
		if (request.type === 'save') {
			const {type, sentence} = saveTranscript(request.path, transcript());
			notice(type === 'refused' ? 'bad' : 'info', sentence);
		} else if (request.type === 'switch' && request.name !== 'escapes') {
			notice('info', turn(request.name, request.isOn));
		}
	};

	const run = (line: string, actions: ScreenActions): void => {
		const notice = noticeOf(actions);
		const action = parseProxyScreenLine(line);
		if (action) {
			action({
				notice,
				leave: actions.leave,
				view: actions.view,
				clear() {
					emit({type: 'clear', at: systemClock.wallMs()});
				},
				help(topic) {
					showHelp(topic, topics, notice);
				},
				byHand(request) {
					byHand(request, actions);
				},
			});
			return;
		}

		const command = parseProxyLine(line);
		if (typeof command === 'string') {
			notice('bad', command);
		} else if (command.type !== 'help' && command.type !== 'quit') {
			const {type, sentence} = proxy.perform(command);
			notice(type === 'refused' ? 'bad' : 'info', sentence);
		}
	};

	return (text: string, actions: ScreenActions): void => {
		// What was pasted may have several.
		for (const line of text.split('\n')) {
			if (line.trim() !== '') {
				run(line, actions);
			}
		}
	};
};
