/**
 * Who may connect, decided before anything is read. A refusal is sent once it
 * is known what the peer speaks.
 */
import process from 'node:process';
import type {Socket} from 'node:net';
import {assertNever, SockchatError} from '../errors.js';
import type {Origin} from '../socket/origin.js';
import {PeerUids, type PeerUid} from '../socket/peer-uid.js';

export type AdmissionOptions = {
	/** Whether only processes of our own user may connect. */
	readonly isSameUser?: boolean | undefined;
	/** How many connections one user may have. */
	readonly maxPerUser?: number | undefined;
	readonly ownUid?: number | undefined;
	readonly uids?: Pick<PeerUids, 'of'> | undefined;
};

/** What is known of a peer before it speaks. */
export type Newcomer = {
	/** Undefined if the kernel was not asked. */
	readonly uid?: PeerUid | undefined;
	readonly refusal?: SockchatError | undefined;
	/** Whether it gets only the entries that name it: receipts of what it says. */
	readonly isReceiptsOnly?: boolean | undefined;
};

const otherUser = (own: number, uid: PeerUid) =>
	new SockchatError(
		'ERR_OTHER_USER',
		uid === 'unknown'
			? `This room is only for user ${own}, and the server can't find out which user you are.`
			: `This room is only for user ${own}, and you are user ${uid}.`,
	);

const unknownUser = () =>
	new SockchatError(
		'ERR_ROOM_FULL',
		"This room limits the connections of each user, and the server can't find out which user you are.",
	);

const tooManyOfUser = (uid: number, limit: number) =>
	new SockchatError(
		'ERR_ROOM_FULL',
		`User ${uid} already has ${limit} connections here; that is the limit. Close one, or ask the host for a higher --max-per-user.`,
	);

const sameUserUnknown = () =>
	new SockchatError(
		'ERR_OTHER_USER',
		'--same-user and --max-per-user need Linux, where the kernel knows the user of a peer. A Unix domain socket (--socket) is open only to its owner on every system.',
		{
			api: 'isSameUser and maxPerUser need Linux, where the kernel knows the user of a peer. A Unix domain socket (path) is open only to its owner on every system.',
		},
	);

export class Admission {
	readonly #options: AdmissionOptions;
	readonly #ownUid: number | undefined;
	readonly #uids: Pick<PeerUids, 'of'>;

	/** @throws {SockchatError} `ERR_OTHER_USER` if uids are needed and unavailable. */
	constructor(options: AdmissionOptions = {}) {
		const {ownUid = process.getuid?.(), uids = new PeerUids()} = options;
		this.#options = options;
		this.#ownUid = ownUid;
		this.#uids = uids;
		if (this.needsUid && !this.canTellUsers) {
			throw sameUserUnknown();
		}
	}

	/** Whether each peer's uid must be asked for. */
	get needsUid(): boolean {
		const {isSameUser, maxPerUser} = this.#options;
		return isSameUser === true || maxPerUser !== undefined;
	}

	/** Whether the kernel can tell a peer's uid. */
	get canTellUsers(): boolean {
		return (
			this.#ownUid !== undefined &&
			(this.#options.uids !== undefined || process.platform === 'linux')
		);
	}

	/**
	 * Asks the kernel for a peer's uid. The file mode of a Unix domain socket
	 * admits only our own user. A connection that was reset has no uid.
	 */
	async uidOf(socket: Socket, origin: Origin): Promise<PeerUid> {
		switch (origin.kind) {
			case 'tcp': {
				return this.#uids.of(socket, origin);
			}

			case 'udp':
			case 'unknown': {
				return 'unknown';
			}

			case 'unix':
			case 'memory': {
				return this.#ownUid ?? 'unknown';
			}

			default: {
				return assertNever(origin);
			}
		}
	}

	/** @param present How many connections that user has. */
	check(uid: PeerUid, present: number): Newcomer {
		const {isSameUser, maxPerUser} = this.#options;
		if (isSameUser && uid !== this.#ownUid) {
			return {uid, refusal: otherUser(this.#ownUid!, uid)};
		}

		if (maxPerUser === undefined) {
			return {uid};
		}

		if (uid === 'unknown') {
			return {uid, refusal: unknownUser()};
		}

		return present >= maxPerUser
			? {uid, refusal: tooManyOfUser(uid, maxPerUser)}
			: {uid};
	}
}
