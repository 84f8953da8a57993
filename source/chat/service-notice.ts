/**
 * Reports to the service manager that started us: sd_notify(3).
 *
 * Node has no Unix datagram sockets, so the program systemd-notify sends the
 * message, and the unit needs NotifyAccess=all. It runs beside the server, which
 * neither waits for it nor fails with it.
 */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import process from 'node:process';
import type {ChatEvent} from '../event/event.js';
import {toDisplay} from '../protocol/display.js';
import {hostAndPort} from '../socket/address.js';
import {trace} from '../trace.js';

/** Takes all events; only a server's matter. */
export type ServiceNotice = (event: ChatEvent) => void;

/** An emitter that tells the service manager too. */
export const withNotice = (
	emit: (event: ChatEvent) => void,
	notify: ServiceNotice | undefined,
): ((event: ChatEvent) => void) =>
	notify
		? event => {
				emit(event);
				notify(event);
			}
		: emit;

/** What the manager hears of an event; undefined if it isn't concerned. */
const messageOf = (event: ChatEvent): readonly string[] | undefined => {
	if (event.type !== 'listening') {
		return undefined;
	}

	const {place, state} = event;
	switch (state.phase) {
		case 'listening': {
			// The history is open by then.
			const where =
				'path' in place ? place.path : hostAndPort(place.host, place.port);
			// On one line: a second would be a message of its own.
			return ['READY=1', `STATUS=Listening on ${toDisplay(where)}`];
		}

		case 'draining': {
			return ['STOPPING=1', 'STATUS=Ending the connections'];
		}

		default: {
			return undefined;
		}
	}
};

const send = async (
	message: readonly string[],
	socket: string,
): Promise<void> => {
	const sender = spawn('systemd-notify', message, {
		stdio: 'ignore',
		env: {...process.env, NOTIFY_SOCKET: socket},
	});
	sender.unref();
	const [code] = (await once(sender, 'close')) as [number | null];
	if (code !== 0) {
		throw new Error(`it ended with ${String(code)}`);
	}
};

/**
 * Takes NOTIFY_SOCKET from the environment, so that no other child process
 * reports in our name.
 *
 * @param env Changed.
 * @param onFailure Takes one sentence, once.
 * @returns Undefined if no manager waits for a report.
 */
export const takeServiceNotice = (
	env: Record<string, string | undefined>,
	onFailure: (sentence: string) => void,
): ServiceNotice | undefined => {
	const {NOTIFY_SOCKET: socket} = env;
	delete env['NOTIFY_SOCKET'];
	if (!socket) {
		return undefined;
	}

	let hasFailed = false;
	// One after the other: READY must not overtake STOPPING.
	let last = Promise.resolve();
	return event => {
		const message = messageOf(event);
		if (message === undefined) {
			return;
		}

		const previous = last;
		last = (async () => {
			await previous;
			try {
				await send(message, socket);
			} catch (error) {
				trace('systemd-notify: %s', (error as Error).stack);
				if (!hasFailed) {
					hasFailed = true;
					onFailure(
						`The service manager was not notified: systemd-notify failed (${(error as Error).message}). Install it, or use Type=exec in the unit.`,
					);
				}
			}
		})();
	};
};
