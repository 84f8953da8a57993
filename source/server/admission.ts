/**
 * Who may come in at all, before a word of theirs is heard. The refusal is
 * told once it is known how the peer speaks.
 */
import process from 'node:process';
import type {Socket} from 'node:net';
import {SockchatError} from '../errors.js';
import {PeerUids} from '../socket/peer-uid.js';

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
	readonly uid?: number | undefined;
	readonly refusal?: SockchatError | undefined;
	/** It wants only the entries that name it. */
	readonly isDeaf?: boolean | undefined;
};

export const otherUser = (own: number, uid: number | undefined) =>
	new SockchatError(
		'ERR_OTHER_USER',
		uid === undefined
			? `This room is for user ${own} alone, and whose process you are can't be told.`
			: `This room is for user ${own} alone, and you are user ${uid}.`,
	);

export const tooManyOfUser = (uid: number | undefined, limit: number) =>
	new SockchatError(
		'ERR_ROOM_FULL',
		`User ${uid ?? 'unknown'} has ${limit} connections here already, the most that one may have. Close one, or ask the host for a higher --max-per-user.`,
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
		if (
			this.isAsking &&
			(ownUid === undefined ||
				(options.uids === undefined && process.platform !== 'linux'))
		) {
			throw sameUserUnknown();
		}
	}

	/** Whether each peer's uid is asked for. */
	get isAsking(): boolean {
		const {isSameUser, maxPerUser} = this.#options;
		return isSameUser === true || maxPerUser !== undefined;
	}

	/**
	 * Asks the kernel who it is. A Unix domain socket has no ports; its file's
	 * mode has let its user in.
	 */
	async uidOf(socket: Socket): Promise<number | undefined> {
		return socket.remotePort === undefined
			? this.#ownUid
			: this.#uids.of(socket);
	}

	/** @param present How many connections that user has. */
	judge(uid: number | undefined, present: number): Comer {
		const {isSameUser, maxPerUser = Infinity} = this.#options;
		if (isSameUser && uid !== this.#ownUid) {
			return {uid, refusal: otherUser(this.#ownUid!, uid)};
		}

		return present >= maxPerUser
			? {uid, refusal: tooManyOfUser(uid, maxPerUser)}
			: {uid};
	}
}
