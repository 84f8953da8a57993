/**
 * A recording as packets: those that were captured with it, or else its chunks as
 * exported PDUs. Nothing is made up for what was not seen: no header, no
 * handshake, no acknowledgement.
 */
import {pcapngHead, pcapngPacket} from '../tcp/pcapng.js';
import {exportedPdu, maxPduBytes, type PduEnds} from '../tcp/exported-pdu.js';
import type {Packet} from '../tcp/pcap.js';
import type {Recorded, RecordingHead} from './line.js';
import {readRecording, type Summary} from './reader.js';

type Ends = {readonly client: string | undefined; readonly server: string};

/** Of a connection; whoever recorded knows its own end only if it dialled. */
const endsOf = (
	head: RecordingHead,
	{peer, local, remote}: Extract<Recorded, {type: 'open'}>,
): Ends =>
	head.side === 'connect'
		? {client: local, server: remote ?? head.address}
		: {client: peer, server: head.address};

/** Of a message that is too long for one packet; one part otherwise, if empty too. */
const partsOf = (bytes: Uint8Array): readonly Uint8Array[] =>
	Array.from(
		{length: Math.max(1, Math.ceil(bytes.length / maxPduBytes))},
		(_, index) =>
			bytes.subarray(index * maxPduBytes, (index + 1) * maxPduBytes),
	);

/**
 * Yields the file, piece by piece.
 *
 * @param summary Of the same recording.
 */
export async function* exportRecording(
	path: string,
	{head, packets: count}: Summary,
): AsyncGenerator<Uint8Array> {
	const captured: Packet[] = [];
	const lines = readRecording(path, {
		onPacket(packet) {
			captured.push(packet);
		},
	});
	if (count === 0) {
		yield pcapngHead('UPPER_PDU');
	}

	let hasHead = false;
	const takeCaptured = function* (): Generator<Uint8Array> {
		for (const packet of captured.splice(0)) {
			if (!hasHead) {
				hasHead = true;
				yield pcapngHead(packet.linkType);
			}

			yield pcapngPacket(packet);
		}
	};

	const ends = new Map<string, Ends>();
	for await (const line of lines) {
		yield* takeCaptured();
		if (line.type === 'open') {
			ends.set(line.peer, endsOf(head, line));
		}

		if (line.type !== 'chunk' || count > 0) {
			continue;
		}

		const {client, server} = ends.get(line.peer) ?? {
			client: undefined,
			server: head.address,
		};
		// A proxy's `out` goes from the client to the target.
		const isToServer = (line.direction === 'out') === (head.side !== 'serve');
		const pduEnds: PduEnds = {
			source: isToServer ? client : server,
			target: isToServer ? server : client,
			server,
			carrier: head.link?.kind ?? 'tcp',
		};
		for (const part of partsOf(line.bytes)) {
			const bytes = exportedPdu(pduEnds, part);
			yield pcapngPacket({
				atUs: line.at * 1000,
				bytes,
				length: bytes.length,
			});
		}
	}

	yield* takeCaptured();
}
