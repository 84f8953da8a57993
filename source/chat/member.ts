/** `connect`: a member of somebody else's room, for a front end. */
import {Client, type ClientOptions} from '../client/client.js';
import type {HostAction} from '../commands/host-action.js';
import {formatAddress} from '../socket/address.js';
import {connectionFailed, dial} from '../socket/dial.js';
import {refused, type SocketAction} from '../tcp/socket-action.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import {invitationOf} from './invitation.js';
import {takeIdentity} from './kept-identity.js';
import type {
	Emit,
	MemberOnlyOptions,
	OpenOptions,
	RoomChat,
} from './room-chat.js';

export const onlyOwnSocket = refused(
	'Only a server has peers to name; leave the name out for your own socket.',
);

const onlyHost = refused('Only the host of a room can do that.');

/** What a host's chat and a member's have in common. */
export const chatOf = (client: Client, watch: SocketWatch | undefined) => ({
	mode: 'room' as const,
	id: client.id,
	nick: client.nick,
	say(text: string) {
		client.say(text);
	},
	whisper(to: string, text: string) {
		client.whisper(to, text);
	},
	rename(nick: string) {
		client.rename(nick);
	},
	search: (text: string | undefined) => client.requests.search(text),
	readPast: (before: number | undefined) => client.requests.readPast(before),
	find: (text: string, before: number | undefined) =>
		client.requests.find(text, before),
	callRoll: () => client.requests.callRoll(),
	bots: client.bots,
	members: () => client.members,
	control: async (action: SocketAction, peer: string | undefined) =>
		peer === undefined ? client.control(action) : onlyOwnSocket,
	rule: async (_action: HostAction) => onlyHost,
	unstored: () => client.unstored,
	endCapture: async () => watch?.endCapture(),
	kept: () => client.kept,
	entrusted: () => 0,
	isInMemory: () => client.isRoomInMemory,
	setTap(isOn: boolean) {
		if (watch) {
			watch.tap.isOn = isOn;
			watch.tap.hasCalls ||= isOn;
		}
	},
});

/** Starts the client of a member, which is watched. */
export const startMember = (
	options: OpenOptions & MemberOnlyOptions,
	own: Pick<ClientOptions, 'dial' | 'afterLoss' | 'onEvent'>,
	watch: SocketWatch | undefined,
): Client => {
	const {address, localPort, nick, isNickFlexible, isRetrying, token} = options;
	const {clientsFolder: folder, isWaiting, isOneShot, since, last} = options;
	const {connectTimeoutMs, isAgent, log, identity} = options;
	const {isHearingCommands} = options;
	const client = new Client({
		...own,
		describe: cause => connectionFailed(address, localPort, cause),
		nick,
		isNickFlexible,
		isRetrying,
		isWaiting,
		connectTimeoutMs,
		since,
		log,
		last,
		isOneShot,
		isAgent,
		isHearingCommands,
		token,
		identity:
			identity ??
			(folder === undefined
				? undefined
				: takeIdentity({folder, address, nick, hasToken: token !== undefined})),
		watch,
	});
	watch?.sampleClient(() => client.endpoints);
	return client;
};

export const openMember = (
	options: OpenOptions & MemberOnlyOptions,
	emit: Emit,
	watch: SocketWatch | undefined,
): RoomChat => {
	const {address, localPort} = options;
	const client = startMember(
		options,
		{dial: () => dial(address, localPort), onEvent: emit},
		watch,
	);
	return {
		...chatOf(client, watch),
		role: 'connect',
		invitation: invitationOf({
			address,
			hasToken: options.token !== undefined,
			isSameUser: false,
		}),
		company: () => undefined,
		where: formatAddress(address),
		leave() {
			client.leave();
		},
		closed: (async () => {
			const cause = await client.closed;
			await watch?.closed();
			watch?.stop();
			return cause;
		})(),
	};
};
