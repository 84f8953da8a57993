/** The public API, to open or join a room from a program. */
export {SockchatError, type ErrorCode} from './errors.js';
export type {Address} from './socket/address.js';
export type {Client} from './client/client.js';
export {connect, type ConnectOptions} from './client/connect.js';
export {startServer, type Server, type ServerOptions} from './server/server.js';
export {Token} from './protocol/token.js';
export type {ClientEvent, ServerEvent} from './event/event.js';
