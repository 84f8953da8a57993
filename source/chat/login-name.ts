/** The login name; a uid may have no name, as in some containers. */
import {userInfo} from 'node:os';
import process from 'node:process';

/** @returns Empty if the system knows none. */
export const readLoginName = (): string => {
	try {
		return userInfo().username;
	} catch {
		return process.env['USER'] ?? '';
	}
};
