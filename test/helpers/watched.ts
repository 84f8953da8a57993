/** Connections over real sockets with a timeline at each end. */
import type {Socket} from 'node:net';
import {StepLog} from '../../source/tcp/step-log.js';
import type {KernelPair, Step, TcpState} from '../../source/tcp/tcp.js';
import {requireLoopback, type Address} from '../../source/socket/address.js';
import {systemClock} from '../../source/socket/clock.js';
import {dial} from '../../source/socket/dial.js';
import {endpointsOf} from '../../source/socket/link.js';
import {watchSteps} from '../../source/watch/steps.js';
import {readTcpTable} from '../../source/socket/tcp-table.js';
import {appendStep} from '../../source/store/steps.js';
import type {Owner} from './environment.js';
import {portOf} from './room.js';
import {listenBare} from './scripted.js';
import {draw} from './steps.js';
import {until} from './until.js';

/** One end with its timeline, as in a front end. */
export const watch = (socket: Socket, side: 'client' | 'server') => {
	const log = new StepLog(undefined, 0);
	let steps: readonly Step[] = [];
	const add = (added: readonly Step[]): void => {
		for (const step of added) {
			steps = appendStep(steps, step, 100);
		}
	};

	// Errors must be handled; their meaning is in the steps.
	socket.on('error', () => undefined);
	const {called} = watchSteps(socket, {
		side,
		peer: undefined,
		clock: systemClock,
		lateMs: () => 0,
		onStep(step) {
			add(log.report(step, systemClock.monotonicMs()));
		},
	});
	const drawn = () => draw(steps);
	return {
		socket,
		log,
		called,
		drawn,
		steps: () => steps,
		observe(pair: KernelPair) {
			add(log.observe(pair, systemClock.wallMs(), systemClock.monotonicMs()));
		},
		untilStep: async (wanted: string) =>
			until(() => drawn().includes(wanted), {
				what: wanted,
				seen: () => drawn().join(', '),
			}),
	};
};

/** A client's end, from connect() on. */
export const connectTo = (
	owner: Owner,
	address: Address,
	localPort?: number,
) => {
	const socket = dial(requireLoopback(address), localPort).stream;
	owner.after(async () => {
		socket.destroy();
	});
	return watch(socket, 'client');
};

/** A connection with both ends watched. */
export const openWatched = async (owner: Owner) => {
	const accepted = Promise.withResolvers<ReturnType<typeof watch>>();
	const {address} = await listenBare(owner, socket => {
		accepted.resolve(watch(socket, 'server'));
	});
	const client = connectTo(owner, address);
	const server = await accepted.promise;
	await client.untilStep('○ ESTABLISHED');
	const {local, remote} = endpointsOf(client.socket);
	const readPair = async (): Promise<KernelPair> => {
		const table = await readTcpTable(new Set([portOf(address)]));
		return table!.pair(local!, remote!);
	};

	return {
		client,
		server,
		/** Waits for the kernel's states, and passes them to both timelines. */
		async untilStates(
			ofClient: TcpState | undefined,
			ofServer: TcpState | undefined,
		) {
			let seen = '';
			const pair = await until(
				async () => {
					const found = await readPair();
					const {local: mine, remote: its} = found;
					seen = `${mine?.state} and ${its?.state}`;
					return mine?.state === ofClient && its?.state === ofServer && found;
				},
				{what: `${ofClient} and ${ofServer}`, seen: () => seen},
			);
			client.observe(pair);
			server.observe({local: pair.remote, remote: pair.local});
		},
	};
};
