/** How far a file is sent, as a line below the transcript. */
import type {SendingFile} from '../event/event.js';
import {formatBytes} from '../tcp/format-bytes.js';
import type {Notice} from './item.js';

const barCells = 10;

export const sendingText = ({
	name,
	sentBytes,
	totalBytes,
}: SendingFile): string => {
	const sent = formatBytes(sentBytes);
	// A file below /proc says that it is empty.
	if (totalBytes === 0) {
		return `Sending ${name}: ${sent}`;
	}

	const share = Math.min(1, sentBytes / totalBytes);
	const full = Math.floor(share * barCells);
	const bar = '█'.repeat(full) + '░'.repeat(barCells - full);
	return `Sending ${name} ${bar} ${Math.floor(share * 100)} % · ${sent} of ${formatBytes(totalBytes)}`;
};

export const sendingNotice = ({
	file,
	at,
}: {
	readonly file: SendingFile;
	readonly at: number;
}): Notice => ({
	kind: 'notice',
	at,
	tone: 'info',
	text: `${sendingText(file)} · Esc stops`,
});
