import {Buffer} from 'node:buffer';
import type {Duplex} from 'node:stream';

/** Settles once nothing waits for the kernel, or the connection has ended. */
export const untilFlushed = async (stream: Duplex): Promise<void> =>
	new Promise(resolve => {
		if (stream.writableLength === 0 || !stream.writable) {
			resolve();
			return;
		}

		const settle = () => {
			stream.off('close', settle);
			resolve();
		};

		stream.on('close', settle);
		stream.write(Buffer.alloc(0), settle);
	});
