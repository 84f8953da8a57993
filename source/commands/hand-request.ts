/** What is asked for by hand in raw mode, beside the bytes themselves. */

const handSwitches = ['escapes', 'pretty', 'times', 'open'] as const;

/**
 * escapes: `\r \n \t \0 \xHH \\` in typed lines. pretty: JSON and HTTP heads
 * laid out. times: to the millisecond, and since the chunk before. open: all of
 * a long chunk.
 */
export type HandSwitch = (typeof handSwitches)[number];

export type HandRequest =
	/** Sends bytes, as pairs of hexadecimal digits. */
	| {readonly type: 'hex'; readonly digits: string}
	/** Sends a file as it is. */
	| {readonly type: 'send'; readonly path: string}
	/** Stops sending the file. */
	| {readonly type: 'stop'}
	/** Writes what the transcript holds to a new file. */
	| {readonly type: 'save'; readonly path: string}
	/** Dials again, after the end. */
	| {readonly type: 'connect'}
	| {
			readonly type: 'switch';
			readonly name: HandSwitch;
			/** Undefined turns it over. */
			readonly isOn: boolean | undefined;
	  };
