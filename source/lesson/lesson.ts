/**
 * A lesson of docs/lessons as stages: something to read, and one thing to do.
 *
 * The page itself is the source. In its `console` blocks, what stands behind
 * `› ` is the learner's, what stands behind `>>> ` or after `$ ss` is done for
 * the learner; output is left out, as it is there to be seen. Two quotations
 * say what is asked: `> **Predict:** …?` with a numbered list, and in its
 * `<details>` the number of the right one and why; and `> **Check:** …` with
 * conditions as `code`, and below it `> **Hint:** …`.
 */
import {quoted} from '../errors.js';
import {parseCondition, type Condition} from './condition.js';

export type Move =
	/** To be typed by the learner: a command, or bytes to send. */
	| {readonly by: 'learner'; readonly line: string}
	/** Runs in the Python of a terminal, which plays another program. */
	| {
			readonly by: 'python';
			readonly terminal: number;
			readonly line: string;
			/** Whether the page has an exception below it. */
			readonly mayFail: boolean;
	  }
	| {readonly by: 'shell'; readonly line: string}
	/** Opens the learner's own socket. */
	| {
			readonly by: 'sockchat';
			readonly command: 'serve' | 'connect';
			readonly localPort: string | undefined;
	  }
	/** Joins a room by the learner's own socket. */
	| {
			readonly by: 'member';
			readonly line: string;
			readonly nick: string;
			readonly connectTimeoutS: number | undefined;
	  }
	/** Opens a room in another process. */
	| {
			readonly by: 'host';
			readonly line: string;
			readonly words: readonly string[];
	  }
	/** Stops that process, lets it go on, or ends it. */
	| {
			readonly by: 'signal';
			readonly line: string;
			readonly signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL';
	  }
	/** Watches the sockets of the programs that Python plays. */
	| {readonly by: 'watch'};

export type Ask =
	| {readonly kind: 'read'}
	| {
			readonly kind: 'predict';
			readonly question: string;
			readonly choices: readonly string[];
			/** The index of the right choice. */
			readonly right: number;
			readonly because: string;
	  }
	| {
			readonly kind: 'check';
			/** All of them have to hold. */
			readonly conditions: readonly Condition[];
			readonly hint: string;
	  };

export type Stage = {
	/** As the page counts its steps, from 1: 0 is its goal, the Why is one more. */
	readonly step: number;
	readonly texts: readonly string[];
	readonly moves: readonly Move[];
	readonly ask: Ask;
};

export type Lesson = {
	readonly title: string;
	/** What it shows, in one sentence. */
	readonly goal: string;
	readonly stages: readonly Stage[];
	/** How many steps the page counts, with the Why. */
	readonly steps: number;
};

/**
 * Whose sockets can be looked at in it: the learner's own of raw bytes or in a
 * room, those of the programs that Python plays, or none.
 */
export const socketsOf = ({
	stages,
}: Pick<Lesson, 'stages'>): 'own' | 'room' | 'others' | 'none' => {
	const makers = new Set(stages.flatMap(({moves}) => moves.map(({by}) => by)));
	if (makers.has('sockchat')) {
		return 'own';
	}

	if (makers.has('member')) {
		return 'room';
	}

	return makers.has('watch') ? 'others' : 'none';
};

/** Markdown as people read it: without its marks and the targets of links. */
export const plainOf = (markdown: string): string =>
	markdown
		.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
		.replaceAll(/\*\*([^*]*)\*\*/g, '$1')
		.replaceAll('`', '')
		.trim();

/** What follows one another on a page. */
type Block = {readonly step: number} & (
	| {readonly kind: 'text'; readonly text: string}
	| {readonly kind: 'console'; readonly lines: readonly string[]}
	| {readonly kind: 'quote'; readonly lines: readonly string[]}
);

const kindOf = (line: string): 'fence' | 'quote' | 'blank' | 'text' => {
	if (line.startsWith('```')) {
		return 'fence';
	}

	return line === '' ? 'blank' : line.startsWith('>') ? 'quote' : 'text';
};

/** @param body The lines after the title. */
const blocksOf = (body: readonly string[]): Block[] => {
	const blocks: Block[] = [];
	let step = 0;
	let open: {kind: Block['kind']; lines: string[]} | undefined;
	const close = () => {
		if (open?.kind === 'text') {
			blocks.push({kind: 'text', step, text: plainOf(open.lines.join(' '))});
		} else if (open) {
			blocks.push({kind: open.kind, step, lines: open.lines});
		}

		open = undefined;
	};

	for (const whole of body) {
		const numbered = /^\d+\. +(?<rest>\S.*)$/.exec(whole)?.groups?.['rest'];
		const line = numbered ?? whole.trim();
		const kind = kindOf(line);
		if (open?.kind === 'console') {
			if (kind === 'fence') {
				close();
			} else {
				open.lines.push(line);
			}

			continue;
		}

		const isWhy = step > 0 && /^\S/.test(whole) && numbered === undefined;
		if (numbered !== undefined || (isWhy && kind === 'text' && !open)) {
			close();
			step++;
		}

		if (kind === 'fence') {
			close();
			open = {kind: 'console', lines: []};
		} else if (kind === 'blank') {
			close();
		} else {
			if (open?.kind !== kind) {
				close();
			}

			open ??= {kind, lines: []};
			open.lines.push(kind === 'quote' ? line.replace(/^> ?/, '') : line);
		}
	}

	close();
	return blocks;
};

// What the screen of a lesson does by itself, and what would end it.
const onlyInTerminals = new Set(['/lifecycle', '/quit']);

type Signal = Extract<Move, {by: 'signal'}>['signal'];

const signals: Readonly<Record<string, Signal>> = {
	STOP: 'SIGSTOP',
	CONT: 'SIGCONT',
	KILL: 'SIGKILL',
};

/** @returns Undefined for a command that the screen has no use for. */
const moveOfShell = (line: string): Move | undefined => {
	if (/^sockchat (?:serve|connect) --raw(?!.*--plain)/.test(line)) {
		return {
			by: 'sockchat',
			command: line.startsWith('sockchat serve') ? 'serve' : 'connect',
			localPort: /--local-port (\d+)/.exec(line)?.[1],
		};
	}

	const hosted = /^sockchat (serve (?!--raw).*) < \/dev\/null &$/.exec(
		line,
	)?.[1];
	if (hosted !== undefined) {
		return {by: 'host', line, words: hosted.split(' ')};
	}

	const nick = /^sockchat connect --nick (\S+)/.exec(line)?.[1];
	if (nick !== undefined) {
		const timeout = /--connect-timeout (\d+)/.exec(line)?.[1];
		const connectTimeoutS = timeout === undefined ? undefined : Number(timeout);
		return {by: 'member', line, nick, connectTimeoutS};
	}

	const signal = /^kill -(STOP|CONT|KILL) %1\b/.exec(line)?.[1];
	if (signal !== undefined) {
		return {by: 'signal', line, signal: signals[signal]!};
	}

	if (line === 'sockchat watch --plain') {
		return {by: 'watch'};
	}

	return line.startsWith('ss ') ? {by: 'shell', line} : undefined;
};

/** Whether a line is the last one of what Python says of an exception. */
export const isException = (line: string): boolean =>
	/^[\w.]*(?:Error|Exception|Interrupt|Exit)(?:: |$)/.test(line);

const isTyped = (line: string): boolean => /^(?:[$\u203A#]|>>>) /.test(line);

/** What the page has below a line, until something is typed again. */
const outputBelow = (lines: readonly string[], index: number): string[] => {
	const below = lines.slice(index + 1);
	const end = below.findIndex(isTyped);
	return below.slice(0, end === -1 ? undefined : end);
};

const movesOf = (lines: readonly string[]): Move[] => {
	let terminal = 0;
	const moves: Move[] = [];
	for (const [index, line] of lines.entries()) {
		const named = /^# terminal (\d)$/.exec(line)?.[1];
		terminal = Number(named ?? terminal);
		const [, prompt, typed = ''] = /^(\$|>>>|\u203A) (.*)$/.exec(line) ?? [];
		if (prompt === '>>>') {
			const mayFail = outputBelow(lines, index).some(isException);
			moves.push({by: 'python', terminal, line: typed, mayFail});
		} else if (prompt === '\u203A' && !onlyInTerminals.has(typed)) {
			moves.push({by: 'learner', line: typed});
		} else if (prompt === '$') {
			const move = moveOfShell(typed);
			if (move) {
				moves.push(move);
			}
		}
	}

	return moves;
};

const textAfter = (lines: readonly string[], label: string): string => {
	const start = lines.findIndex(line => line.startsWith(`**${label}:**`));
	if (start === -1) {
		return '';
	}

	const end = lines.findIndex(
		(line, index) => index > start && (line === '' || line.startsWith('**')),
	);
	return lines
		.slice(start, end === -1 ? undefined : end)
		.join(' ')
		.replace(`**${label}:**`, '')
		.trim();
};

/** @returns Undefined for a quotation that asks nothing. */
const askOf = (lines: readonly string[]): Ask | undefined => {
	const question = textAfter(lines, 'Predict');
	if (question !== '') {
		const choices = lines.flatMap(line => {
			const choice = /^\d+\. (.*)$/.exec(line)?.[1];
			return choice === undefined ? [] : [plainOf(choice)];
		});
		const start = lines.findIndex(line => line.startsWith('<details>'));
		const answer = lines
			.slice(start + 1)
			.filter(line => !line.startsWith('</details>'))
			.join(' ');
		const [, number, because] =
			/^\s*\*\*(\d+)\.?\*\*[.:]? (.*)$/.exec(answer) ?? [];
		const right = Number(number) - 1;
		if (
			start === -1 ||
			because === undefined ||
			choices.at(right) === undefined ||
			right < 0
		) {
			throw new Error(`"${question}" has no answer among its choices.`);
		}

		return {
			kind: 'predict',
			question: plainOf(question),
			choices,
			right,
			because: plainOf(because),
		};
	}

	const check = textAfter(lines, 'Check');
	return check === ''
		? undefined
		: {
				kind: 'check',
				conditions: Array.from(check.matchAll(/`([^`]+)`/g), ([, code]) =>
					parseCondition(code!),
				),
				hint: plainOf(textAfter(lines, 'Hint')),
			};
};

/** Text between a command and its check would make the check wait for ever. */
const checkPrinted = (ask: Ask, moves: readonly Move[]): void => {
	const printed =
		ask.kind === 'check' &&
		ask.conditions.find(condition => condition.kind === 'printed');
	if (printed && moves.every(({by}) => by === 'learner')) {
		throw new Error(
			`${quoted(printed.text)} is checked where nothing was run that could print it.`,
		);
	}
};

/**
 * @param markdown A page of docs/lessons.
 * @throws {Error} If a quotation of it can't be read.
 */
export const parseLesson = (markdown: string): Lesson => {
	const [title = '', ...body] = markdown.split('\n');
	const stages: Stage[] = [];
	let texts: string[] = [];
	let moves: Move[] = [];
	let goal = '';
	let step = 0;
	const close = (ask: Ask) => {
		if (ask.kind !== 'read' || texts.length > 0 || moves.length > 0) {
			stages.push({step, texts, moves, ask});
		}

		texts = [];
		moves = [];
	};

	for (const block of blocksOf(body)) {
		if (block.step === 0) {
			if (block.kind === 'text' && goal === '') {
				goal = block.text;
				texts.push(goal);
			}

			continue;
		}

		if (block.step !== step) {
			close({kind: 'read'});
			({step} = block);
		}

		if (block.kind === 'text') {
			if (moves.length > 0) {
				close({kind: 'read'});
			}

			texts.push(block.text);
		} else if (block.kind === 'console') {
			const made = movesOf(block.lines);
			if (made.length === 0 && moves.length === 0) {
				texts = texts.map(text => text.replace(/:$/, '.'));
			}

			moves.push(...made);
		} else {
			const ask = askOf(block.lines);
			if (ask) {
				checkPrinted(ask, moves);
				close(ask);
			}
		}
	}

	close({kind: 'read'});
	return {title: plainOf(title.replace(/^# /, '')), goal, stages, steps: step};
};
