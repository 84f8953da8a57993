/** The machine that the figures were measured on. */
import {cpus, release, type} from 'node:os';
import process from 'node:process';

export const machine = (): string => {
	const processors = cpus();
	const model = processors[0]?.model.trim() ?? 'unknown CPU';
	return `${model}, ${processors.length} cores, ${type()} ${release().split('-')[0]!}, Node ${process.versions.node}`;
};
