/**
 * Who may come in at all, before a word of theirs is heard. The refusal is
 * told once it is known how the peer speaks.
 */
import process from 'node:process';
import type {Socket} from 'node:net';
import {assertNever, SockchatError} from '../errors.js';
import type {Origin} from '../socket/origin.js';
import {PeerUids, type PeerUid} from '../socket/peer-uid.js';

export type DoorOptions = {
	/** Whether only processes of our own user may come in. */
	readonly isSameUser?: boolean | undefined;
	/** How many connections one user may have. */
	readonly maxPerUser?: number | undefined;
	readonly ownUid?: number | undefined;
	readonly uids?: Pick<PeerUids, 'of'> | undefined;
};

/** What is known of a peer before it speaks. */
export type Comer = {
	/** Undefined where nobody has asked for it yet. */
	readonly uid?: PeerUid | undefined;
	readonly refusal?: SockchatError | undefined;
	/** It wants only the entries that name it. */
	readonly isDeaf?: boolean | undefined;
};

export const otherUser = (own: number, uid: PeerUid) =>
	new SockchatError(
		'ERR_OTHER_USER',
		uid === 'unknown'
			? `This room is for user ${own} alone, and whose process you are can't be told.`
			: `This room is for user ${own} alone, and you are user ${uid}.`,
	);

const unknownUser = () =>
	new SockchatError(
		'ERR_ROOM_FULL',
		"This room limits the connections of each user, and whose process you are can't be told.",
	);

const tooManyOfUser = (uid: number, limit: number) =>
	new SockchatError(
		'ERR_ROOM_FULL',
		`User ${uid} has ${limit} connections here already, the most that one may have. Close one, or ask the host for a higher --max-per-user.`,
	);

export const sameUserUnknown = () =>
	new SockchatError(
		'ERR_OTHER_USER',
		'--same-user and --max-per-user need Linux, whose kernel tells whose process a peer is; a Unix domain socket (--socket) is for its owner alone anywhere.',
	);

export class Door {
	readonly #options: DoorOptions;
	readonly #ownUid: number | undefined;
	readonly #uids: Pick<PeerUids, 'of'>;

	/** @throws {SockchatError} `ERR_OTHER_USER` where users can't be told apart. */
	constructor(options: DoorOptions = {}) {
		const {ownUid = process.getuid?.(), uids = new PeerUids()} = options;
		this.#options = options;
		this.#ownUid = ownUid;
		this.#uids = uids;
		if (this.isAsking && !this.canTellUsers) {
			throw sameUserUnknown();
		}
	}

	/** Whether each peer's uid is asked for. */
	get isAsking(): boolean {
		const {isSameUser, maxPerUser} = this.#options;
		return isSameUser === true || maxPerUser !== undefined;
	}

	/** Whether there is anybody to ask for a peer's uid. */
	get canTellUsers(): boolean {
		return (
			this.#ownUid !== undefined &&
			(this.#options.uids !== undefined || process.platform === 'linux')
		);
	}

	/**
	 * Asks the kernel who it is. On a Unix domain socket, its file's mode lets
	 * nobody in but its user; what was reset is nobody's.
	 */
	async uidOf(socket: Socket, origin: Origin): Promise<PeerUid> {
		switch (origin.kind) {
			case 'tcp': {
				return this.#uids.of(socket, origin);
			}

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
	judge(uid: PeerUid, present: number): Comer {
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
