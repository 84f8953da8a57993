/** The public API, to open or join a room from a program. */
export {errorCodes, SockchatError, type ErrorCode} from './errors.js';
export {connect, type Client, type ConnectOptions} from './library/connect.js';
export type {ChatMessage, MissedEvents} from './library/conversation.js';
export type {Membership} from './library/membership.js';
export {connectRaw, type RawConnectOptions} from './library/connect-raw.js';
export {
	serveRaw,
	type RawServeOptions,
	type RawServer,
} from './library/serve-raw.js';
export type {RawConnection} from './library/raw-connection.js';
export type {
	CommandAnswer,
	CommandHandler,
	CommandOffer,
	CommandOptions,
	CommandReply,
	CommandRequest,
} from './library/offers.js';
export type {PlaceOptions} from './library/place.js';
export type {RelayOptions} from './library/relay.js';
export type {Stored} from './library/receipts.js';
export {
	startServer,
	type HistoryOptions,
	type Server,
	type RoomEvent,
	type ServerOptions,
} from './library/start-server.js';

export {Token} from './protocol/token.js';
export type {Connection} from './connection/connection.js';
export type {ClientEvent, ServerEvent} from './event/event.js';
export type {
	MemberList,
	OfferedCommand,
	ServerFrame,
} from './protocol/frame.js';
export type {Address} from './socket/address.js';
