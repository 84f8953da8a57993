/** The public API: a room in a program of one's own. */
export {SockchatError, type ErrorCode} from './errors.js';
export type {Address} from './net/address.js';
export type {Client} from './net/client.js';
export {connect, type ConnectOptions} from './net/connect.js';
export {startServer, type Server, type ServerOptions} from './net/server.js';
export {Token} from './protocol/token.js';
export type {ClientEvent, ServerEvent} from './store/event.js';
