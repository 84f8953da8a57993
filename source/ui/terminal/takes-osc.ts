/**
 * Whether a terminal reads OSC sequences, for its title, for links and for
 * notifications. All that draw windows do, or skip them; the Linux console may
 * print what it doesn't know.
 */
export const takesOsc = (term: string | undefined): boolean =>
	term !== undefined && term !== 'linux' && term !== 'dumb';
