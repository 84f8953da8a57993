/** The least that Node can do: `pipe` each way. */
import {connect} from 'node:net';
import process from 'node:process';

const socket = connect({
	host: '127.0.0.1',
	port: Number(process.argv[2]),
	allowHalfOpen: true,
});
process.stdin.pipe(socket).pipe(process.stdout);
