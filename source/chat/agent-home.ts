/**
 * Where an agent lives: its name, its secret, how far it has read, and its way
 * into the room.
 *
 * The secret's file is used by one process at a time, which may also write
 * beside it: two agents with one name are two members, each with files of its
 * own.
 */
import {readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {parseKept, type KeptPlace} from '../agents/kept.js';
import type {AgentHome, FindHome} from '../agents/room.js';
import {freshIdentity, type Identity} from '../client/identity.js';
import type {ChatEvent} from '../event/event.js';
import {makeFolders} from '../history/files.js';
import {
	foldNick,
	nickFromLogin,
	suggestNick,
	type Nick,
} from '../protocol/nick.js';
import type {Token} from '../protocol/token.js';
import {trace} from '../trace.js';
import {joinOrOpen} from './join.js';
import {claimIdentity, keyOf, type KeptOptions} from './kept-identity.js';
import type {HostOnlyOptions, OpenOptions} from './room-chat.js';

export type AgentHomeOptions = Omit<
	OpenOptions & HostOnlyOptions,
	'nick' | 'isNickFlexible' | 'token' | 'isManaged' | 'isWatched'
> & {
	/** Without it the agent is called what its client calls itself. */
	readonly nick: Nick | undefined;
	readonly token: Token | undefined;
	/** Where agents keep how far they have read. */
	readonly agentsFolder: string | undefined;
};

const fallbackName = 'agent';

// Each is a process of this user that is in a room under this name.
const mostNamesakes = 1000;

/** A nick from what a client calls itself: `Claude Code` is `claude-code`. */
export const nickOfClient = (name: string | undefined): Nick => {
	const plain = (name ?? '').slice(0, 100).toLowerCase();
	// A login name may have a domain, a client may have a scope.
	const scoped = plain.replaceAll(/[@\\]/g, '-');
	const nick = nickFromLogin(scoped);
	return nick === nickFromLogin('') ? nickFromLogin(fallbackName) : nick;
};

/** A file that is replaced by a rename: a kill leaves the old or the new one. */
const placeAt = (
	folder: string,
	key: string,
	tell: (sentence: string) => void,
): KeptPlace => {
	const path = join(folder, `${key}.json`);
	let hasFailed = false;
	return {
		read() {
			try {
				return parseKept(readFileSync(path, 'utf8'));
			} catch (error) {
				trace('nothing is known to be read: %o', error);
				return undefined;
			}
		},
		write(kept) {
			const draft = `${path}.${process.pid}`;
			try {
				makeFolders(folder);
				rmSync(draft, {force: true});
				writeFileSync(draft, `${JSON.stringify(kept)}\n`, {
					mode: 0o600,
					flag: 'wx',
				});
				renameSync(draft, path);
				hasFailed = false;
			} catch (error) {
				trace('what was read is not kept: %o', error);
				if (!hasFailed) {
					hasFailed = true;
					tell(
						`How far the agent has read can't be kept in ${folder}: ${(error as Error).message}.`,
					);
				}
			}
		},
	};
};

type Claimed = {
	readonly nick: Nick;
	readonly identity: Identity;
	readonly place: KeptPlace | undefined;
};

/** The first name whose secret no other process uses. */
const claimName = (
	wanted: Nick,
	{address, clientsFolder, agentsFolder, token}: AgentHomeOptions,
	tell: (sentence: string) => void,
): Claimed => {
	const taken = new Set<string>();
	if (clientsFolder !== undefined && agentsFolder !== undefined) {
		try {
			let nick = wanted;
			while (taken.size < mostNamesakes) {
				const options: KeptOptions = {
					folder: clientsFolder,
					address,
					nick,
					hasToken: token !== undefined,
					isAgent: true,
				};
				const identity = claimIdentity(options);
				if (identity) {
					const place = placeAt(agentsFolder, keyOf(options), tell);
					return {nick, identity, place};
				}

				taken.add(foldNick(nick));
				nick = suggestNick(wanted, key => taken.has(key));
			}
		} catch (error) {
			trace('no identity is kept: %o', error);
		}
	}

	tell(
		'Nothing is kept for the next run of this agent: neither XDG_STATE_HOME nor HOME names a folder that can be used.',
	);
	return {nick: wanted, identity: freshIdentity(), place: undefined};
};

/**
 * @param onEvent Gets all that happens in the room, too.
 * @param tell Gets sentences for people.
 */
export const agentHomes =
	(
		options: AgentHomeOptions,
		onEvent: (event: ChatEvent) => void,
		tell: (sentence: string) => void,
	): FindHome =>
	async (name): Promise<AgentHome> => {
		const {nick, identity, place} = claimName(
			options.nick ?? nickOfClient(name),
			options,
			tell,
		);
		return {
			id: identity.id,
			kept: place?.read(),
			keep(kept) {
				place?.write(kept);
			},
			async open(take, beginning) {
				try {
					return await joinOrOpen(
						{
							...options,
							...beginning,
							nick,
							identity,
							isNickFlexible: true,
							isAgent: true,
							isManaged: false,
							isWatched: false,
						},
						event => {
							onEvent(event);
							take(event);
						},
						undefined,
					);
				} catch (error) {
					identity.release();
					throw error;
				}
			},
		};
	};
