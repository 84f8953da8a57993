/** The segments of a watched port, as steps seen from its server's end. */
import type {LoopbackAddress} from '../../socket/address.js';
import type {Step} from '../../tcp/tcp.js';
import {startCapture, type Capture, type CaptureOptions} from '../capture.js';
import {ofServer} from '../segment-owners.js';

export type PortCaptureOptions = Pick<
	CaptureOptions,
	'file' | 'clock' | 'onFailure'
> & {
	readonly address: Extract<LoopbackAddress, {kind: 'tcp'}>;
	readonly onSteps: (steps: readonly Step[]) => void;
};

/** @throws {SockchatError} If the file can't be opened. */
export const capturePort = ({
	address: {host, port},
	onSteps,
	...options
}: PortCaptureOptions): Capture =>
	startCapture({
		...options,
		host,
		port,
		onSegments(segments) {
			onSteps(segments.map(segment => ofServer(segment, port)));
		},
	});
