/** The keys of the screen, as /help and docs/screen.md list them. */
export const keyHelp: ReadonlyArray<readonly [keys: string, what: string]> = [
	['Enter', 'send; Alt-Enter or Ctrl-J inserts a line break'],
	['Up, Down', 'move in the draft, then to sent lines; your draft is kept'],
	['Ctrl-R', 'search sent lines; again: older; Enter takes one, Esc none'],
	['Tab, Shift-Tab', 'complete a command or nick; again: next, previous'],
	['Page Up, Page Down', 'scroll the transcript'],
	['Home, End', 'start, end of the line; when empty: of the transcript'],
	['Ctrl-Home, Ctrl-End', 'scroll to the top, to the bottom; Alt does too'],
	['Shift-Up, Shift-Down', 'scroll by a row; Alt does too'],
	['Ctrl-S, F3', 'search; the draft waits; in a search: an older hit'],
	['n, N', 'in a search, on an empty line: next older, newer hit'],
	['Enter, Esc', 'on an empty line: end the search, and stay at its hit'],
	['Esc', 'on an empty line, without a search: scroll to the bottom'],
	['Ctrl-A, Ctrl-E', 'start, end of the line'],
	['Ctrl-B, Ctrl-F', 'back, forward a character; Alt-B, Alt-F: a word'],
	['Ctrl-W, Ctrl-U, Ctrl-K', 'cut the word, to the start, to the end'],
	['Ctrl-Y', 'paste the cut text'],
	['Ctrl-_, Alt-/', 'undo, redo; Ctrl-/ is Ctrl-_ on most terminals'],
	['Ctrl-T', 'next view: chat, wire, lifecycle; on a server, peers'],
	['Ctrl-G', 'side pane, none, only text to select; again: next'],
	['Ctrl-O', 'peers: sort by the next column; lifecycle: Python, C'],
	['Ctrl-L', 'redraw the screen'],
	['Ctrl-Z', 'suspend; fg in the shell resumes'],
	['Ctrl-C', 'clear the line; leave if it is empty, as Ctrl-D'],
];

/** The keys of `sockchat watch`, the most useful first. */
export const watchKeyHelp: ReadonlyArray<
	readonly [keys: string, what: string]
> = [
	['Up, Down', 'choose a connection, or all of them; a: all'],
	['PgUp, PgDn', 'scroll; Shift-Up, Shift-Down: by a row'],
	['Home, End', 'the oldest step; the newest, and follow; f: follow'],
	['c', 'write calls in Python, then in C'],
	['e', 'explain each step, or not'],
	['q, Ctrl-C', 'leave; Ctrl-D and /quit too'],
	['?, /help', 'show or hide these keys'],
	['Ctrl-L', 'redraw the screen; Ctrl-Z: suspend'],
];
