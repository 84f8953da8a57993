/** `--socket`, `--host` and `--port`: one address, or a range to probe. */
import {quoted} from '../errors.js';
import {defaultHost, defaultPort} from '../protocol/frame.js';
import {
	parseHostAndPort,
	parsePort,
	parseSocketPath,
	requireLoopback,
	type LoopbackAddress,
	type Purpose,
} from '../socket/address.js';
import type {CommandLineCommand} from './flags.js';
import {wrongUsage, type Reader} from './reader.js';

const portRange = /^(?<first>\d+)-(?<last>\d+)$/;

type AddressCommand = CommandLineCommand | 'status' | 'watch' | 'mcp';

const purposeOf = (
	command: AddressCommand,
	isRaw: boolean,
	isUdp: boolean,
): Purpose => {
	if (command === 'watch') {
		return 'watch';
	}

	if (!isRaw) {
		return 'room';
	}

	if (isUdp) {
		return 'udp';
	}

	return command === 'serve' ? 'listener' : 'service';
};

/** @param isRaw Whether bytes are meant, not a room. */
export const readAddress = (
	reader: Reader,
	command: AddressCommand,
	isRaw = reader.has('raw'),
): LoopbackAddress => {
	const path = reader.text('socket');
	const host = reader.text('host');
	const isRange =
		reader.has('probe') && portRange.test(reader.text('port') ?? '');
	const port = isRange
		? undefined
		: reader.port('port', command === 'serve' ? 0 : 1);
	const fallback = requireLoopback({
		kind: 'tcp',
		host: defaultHost,
		port: defaultPort,
	});
	if (path === undefined) {
		return reader.take(
			parseHostAndPort(
				reader.has('udp') ? 'udp' : 'tcp',
				host ?? defaultHost,
				port ?? defaultPort,
				purposeOf(command, isRaw, reader.has('udp')),
			),
			fallback,
			'host',
		);
	}

	return reader.take(parseSocketPath(path), fallback, 'socket');
};

/** A range of ports is for --probe alone. */
export const readProbed = (
	reader: Reader,
	named: LoopbackAddress,
): readonly LoopbackAddress[] | undefined => {
	if (!reader.has('probe')) {
		return undefined;
	}

	const range = portRange.exec(reader.text('port') ?? '')?.groups;
	if (!range || named.kind !== 'tcp') {
		return [named];
	}

	const [first, last] = [range['first']!, range['last']!].map(port =>
		reader.take(parsePort(port, 1), 1, 'port'),
	) as [number, number];
	if (last < first) {
		reader.take<unknown>(
			wrongUsage(
				`--probe needs the lower port first; got ${quoted(reader.text('port')!)}.`,
			),
			undefined,
			'port',
		);
	}

	return Array.from({length: Math.max(0, last - first + 1)}, (_, index) =>
		requireLoopback({...named, port: first + index}),
	);
};
