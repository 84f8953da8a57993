/** The keys of the screen, as /help and the README list them. */
export const keyHelp: ReadonlyArray<readonly [keys: string, what: string]> = [
	['Enter', 'send; Alt-Enter puts a line end into the text'],
	['Up, Down', 'what was sent before; the draft is kept'],
	['Tab, Shift-Tab', 'complete a command or a nick; again: the next'],
	['Page Up, Page Down', 'scroll the transcript'],
	['Home, End', 'on an empty line: its top, its bottom; else: of the line'],
	['Esc', 'on an empty line: back to the bottom'],
	['Ctrl-A, Ctrl-E', "the line's start, its end"],
	['Ctrl-B, Ctrl-F', 'a character left, right; Alt-B, Alt-F: a word'],
	['Ctrl-W, Ctrl-U, Ctrl-K', 'cut the word, to the start, to the end'],
	['Ctrl-Y', 'paste what was cut'],
	['Ctrl-T', 'the next view: chat, wire, lifecycle, on a server peers'],
	['Ctrl-O', 'in the table of peers: sort by the next column'],
	['Ctrl-L', 'draw the screen anew'],
	['Ctrl-Z', 'stop, until the shell is told fg'],
	['Ctrl-C', 'leave; Ctrl-D too, on an empty line'],
];
