/** The words that some flags take, for parsing and for completions. */

export const notifications = ['none', 'osc9', 'osc777'] as const;

export const themeNames = [
	'auto',
	'dark',
	'light',
	'high-contrast',
	'16',
	'mono',
] as const;

export const inputModes = ['text', 'commands', 'json', 'none'] as const;
