/**
 * JSON and HTTP heads laid out for reading. Pure.
 *
 * Every token stays as it was written: parsing JSON and writing it again would
 * change 12345678901234567890, and drop a key that is there twice. What is cut
 * off at the end of a chunk is laid out as far as it goes.
 */

/** Deeper values stay in one row: their indents alone would be many times more. */
const maxDepth = 32;

const indent = (depth: number): string => '  '.repeat(depth);

const literal = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const blank = /[ \t\r\n]*/y;

/** What may come next (RFC 8259). */
type Wanted =
	'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end';

/** @returns Where the string ends; undefined if it doesn't. */
const endOfString = (text: string, start: number): number | undefined => {
	for (
		let at = text.indexOf('"', start + 1);
		at !== -1;
		at = text.indexOf('"', at + 1)
	) {
		let backslashes = 0;
		while (text[at - 1 - backslashes] === '\\') {
			backslashes++;
		}

		if (backslashes % 2 === 0) {
			return at + 1;
		}
	}

	return undefined;
};

const skipBlanks = (text: string, from: number): number => {
	blank.lastIndex = from;
	blank.test(text);
	return blank.lastIndex;
};

class JsonRows {
	readonly rows: string[] = [];
	readonly #text: string;
	#row = '';
	#wanted: Wanted = 'value';
	/** What is open, outermost first. */
	readonly #open: Array<'{' | '['> = [];

	constructor(text: string) {
		this.#text = text;
	}

	/** Whether the text ended before the value did. */
	get isCut(): boolean {
		return this.#open.length > 0;
	}

	/** @returns Where the value ends; undefined if it isn't JSON. */
	read(from: number): number | undefined {
		let at = skipBlanks(this.#text, from);
		while (at < this.#text.length) {
			const next = this.#token(at);
			if (next === undefined) {
				return undefined;
			}

			at = next;
			if (this.#open.length === 0) {
				break;
			}

			at = skipBlanks(this.#text, at);
		}

		this.#endRow();
		return at;
	}

	#token(at: number): number | undefined {
		const character = this.#text[at]!;
		switch (character) {
			case '{':
			case '[': {
				return this.#begin(character, at);
			}

			case '}':
			case ']': {
				return this.#end(character, at);
			}

			case ',':
			case ':': {
				return this.#divide(character, at);
			}

			case '"': {
				return this.#string(at);
			}

			default: {
				return this.#literal(at);
			}
		}
	}

	#begin(character: '{' | '[', at: number): number | undefined {
		if (!this.#isValueWanted) {
			return undefined;
		}

		this.#breakIfFirst();
		this.#row += character;
		this.#open.push(character);
		this.#wanted = character === '{' ? 'key-or-end' : 'value-or-end';
		return at + 1;
	}

	#end(character: '}' | ']', at: number): number | undefined {
		const isEmpty =
			this.#wanted === 'key-or-end' || this.#wanted === 'value-or-end';
		const opener = character === '}' ? '{' : '[';
		if (
			this.#open.at(-1) !== opener ||
			(!isEmpty && this.#wanted !== 'comma-or-end')
		) {
			return undefined;
		}

		this.#open.pop();
		if (!isEmpty && this.#open.length < maxDepth) {
			this.#break();
		}

		this.#row += character;
		this.#wanted = 'comma-or-end';
		return at + 1;
	}

	#divide(character: ',' | ':', at: number): number | undefined {
		const isColon = character === ':';
		if (this.#wanted !== (isColon ? 'colon' : 'comma-or-end')) {
			return undefined;
		}

		if (isColon) {
			this.#row += ': ';
			this.#wanted = 'value';
			return at + 1;
		}

		this.#row += ',';
		if (this.#open.length <= maxDepth) {
			this.#break();
		}

		this.#wanted = this.#open.at(-1) === '{' ? 'key' : 'value';
		return at + 1;
	}

	#string(at: number): number | undefined {
		const isKey = this.#wanted === 'key' || this.#wanted === 'key-or-end';
		if (!isKey && !this.#isValueWanted) {
			return undefined;
		}

		this.#breakIfFirst();
		const end = endOfString(this.#text, at) ?? this.#text.length;
		this.#row += this.#text.slice(at, end);
		this.#wanted = isKey ? 'colon' : 'comma-or-end';
		return end;
	}

	#literal(at: number): number | undefined {
		if (!this.#isValueWanted) {
			return undefined;
		}

		literal.lastIndex = at;
		const found = literal.exec(this.#text)?.[0];
		if (found === undefined) {
			return undefined;
		}

		this.#breakIfFirst();
		this.#row += found;
		this.#wanted = 'comma-or-end';
		return at + found.length;
	}

	get #isValueWanted(): boolean {
		return this.#wanted === 'value' || this.#wanted === 'value-or-end';
	}

	/** The first of an object or array begins a row. */
	#breakIfFirst(): void {
		const isFirst =
			this.#wanted === 'key-or-end' || this.#wanted === 'value-or-end';
		if (isFirst && this.#open.length <= maxDepth) {
			this.#break();
		}
	}

	#break(): void {
		this.rows.push(this.#row);
		this.#row = indent(this.#open.length);
	}

	#endRow(): void {
		if (this.#row.trim() !== '') {
			this.rows.push(this.#row);
		}
	}
}

/**
 * @param mayBeCut Whether the last value may lack its end.
 * @returns Undefined if it isn't objects and arrays, one after the other.
 */
const jsonRows = (
	text: string,
	mayBeCut: boolean,
): readonly string[] | undefined => {
	const rows: string[] = [];
	let at = skipBlanks(text, 0);
	while (at < text.length) {
		if (text[at] !== '{' && text[at] !== '[') {
			return undefined;
		}

		const json = new JsonRows(text);
		const end = json.read(at);
		if (end === undefined || (json.isCut && !mayBeCut)) {
			return undefined;
		}

		for (const row of json.rows) {
			rows.push(row);
		}

		at = skipBlanks(text, end);
	}

	return rows.length > 0 ? rows : undefined;
};

const startLine =
	/^(?:HTTP\/\d(?:\.\d)? \d{3}\b.*|[A-Z]{1,20} \S+ HTTP\/\d(?:\.\d)?)\r?$/;

/** Whole lines, with their ends. */
const linesIn = (text: string): readonly string[] => text.split(/(?<=\n)/u);

const withoutEnd = (line: string): string => line.replace(/\r?\n$/u, '');

type Laid = {readonly rows: readonly string[]; readonly isLaidOut: boolean};

/** JSON in all of it, or in lines: chunked coding has sizes between. */
const layOutBody = (text: string): Laid => {
	const whole = jsonRows(text, true);
	if (whole) {
		return {rows: whole, isLaidOut: true};
	}

	let isLaidOut = false;
	const rows = linesIn(text).flatMap(line => {
		const json = jsonRows(line, !line.endsWith('\n'));
		isLaidOut ||= json !== undefined;
		return json ?? [line];
	});
	return {rows, isLaidOut};
};

/**
 * @param text Of one chunk.
 * @returns The rows to show; undefined if there is nothing to lay out. A row that
 * was left as it was still has its line end.
 */
export const layOut = (text: string): readonly string[] | undefined => {
	const [first = ''] = text.split('\n', 1);
	if (!startLine.test(first)) {
		const {rows, isLaidOut} = layOutBody(text);
		return isLaidOut ? rows : undefined;
	}

	const end = /\r?\n\r?\n/u.exec(text);
	const head = end ? text.slice(0, end.index) : text;
	const body = end ? text.slice(end.index + end[0].length) : '';
	const [start, ...fields] = linesIn(head);
	return [
		withoutEnd(start!),
		...fields.map(field => `  ${withoutEnd(field)}`),
		...(body === '' ? [] : ['', ...layOutBody(body).rows]),
	];
};
