/** Reports the frames of a WebSocket that carry no message. */
import {Buffer} from 'node:buffer';
import type {ControlEvent} from '../../event/event.js';
import type {ControlFrame} from '../../event/link-facts.js';
import type {Clock} from '../../socket/clock.js';
import type {Link} from '../../socket/link.js';
import type {SocketWatch} from '../../watch/socket-watch.js';

type Control = ControlFrame & {readonly direction: 'in' | 'out'};

/** What a Close frame carries (RFC 6455, 5.5.1). */
const closeBytes = (code: number | undefined, reason: string): Buffer => {
	if (code === undefined) {
		return Buffer.alloc(0);
	}

	const bytes = Buffer.alloc(2);
	bytes.writeUInt16BE(code);
	return Buffer.concat([bytes, Buffer.from(reason)]);
};

/** @param peer The server's peer; undefined on a client. */
export const followControls = (
	{kind, stream}: Link,
	peer: string | undefined,
	clock: Clock,
	onEvent: (event: ControlEvent) => void,
	watch: SocketWatch | undefined,
): void => {
	if (kind !== 'ws') {
		return;
	}

	stream.on('control', (control: Control) => {
		const {direction, frame} = control;
		const bytes =
			frame === 'close'
				? closeBytes(control.code, control.reason)
				: Buffer.from(control.bytes);
		watch?.tap.control(direction, peer, bytes, frame);
		onEvent({type: 'control', at: clock.wallMs(), peer, ...control});
	});
};
