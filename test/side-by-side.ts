/**
 * Runs its arguments as command lines of the shell, all at once, and fails if one
 * of them does: the linter takes longer than all other checks and uses one core,
 * so the tests and the rest are linted by two of it.
 */
import {spawn} from 'node:child_process';
import process from 'node:process';

for (const line of process.argv.slice(2)) {
	const command = spawn(line, {shell: true, stdio: 'inherit'});
	command.on('close', (code, signal) => {
		if (code !== 0) {
			console.error(`Failed with ${signal ?? code}: ${line}`);
			process.exitCode = 1;
		}
	});
}
