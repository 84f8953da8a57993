/** The keys of the screen, as /help and the README list them. */
export const keyHelp: ReadonlyArray<readonly [keys: string, what: string]> = [
	['Enter', 'send; Alt-Enter inserts a line break'],
	['Up, Down', 'recall sent lines; your draft is kept'],
	['Tab, Shift-Tab', 'complete a command or nick; again: next, previous'],
	['Page Up, Page Down', 'scroll the transcript'],
	['Home, End', 'start, end of the line; when empty: of the transcript'],
	['Esc', 'on an empty line: scroll to the bottom'],
	['Ctrl-A, Ctrl-E', 'start, end of the line'],
	['Ctrl-B, Ctrl-F', 'back, forward a character; Alt-B, Alt-F: a word'],
	['Ctrl-W, Ctrl-U, Ctrl-K', 'cut the word, to the start, to the end'],
	['Ctrl-Y', 'paste the cut text'],
	['Ctrl-T', 'next view: chat, wire, lifecycle; on a server, peers'],
	['Ctrl-O', 'in the peer table: sort by the next column'],
	['Ctrl-L', 'redraw the screen'],
	['Ctrl-Z', 'suspend; fg in the shell resumes'],
	['Ctrl-C', 'clear the line; when empty: leave, as Ctrl-D does'],
];
