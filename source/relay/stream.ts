/** A room's stream: created if it may be, else used as it is. */
import {createHash, randomUUID} from 'node:crypto';
import type {
	JetStreamManager,
	StreamConfig,
	StreamInfo,
} from '@nats-io/jetstream';
import {
	streamGone,
	streamMissing,
	streamNotMade,
	streamOfOtherShape,
} from './failures.js';
import {streamOf, subjectsOf} from './subjects.js';

const nanoseconds = 1e6;
const windowMs = 2 * 60 * 1000;

// As much as a history keeps by default.
const streamBytes = 256 * 1024 * 1024;

const ownIdentity = /^sockchat log [\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** What its operator may say of a stream that was made without that. */
const saidIdentity =
	/^sockchat log is ([\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12})$/;

/**
 * A stream made anew is another log, whatever its name. `isStreamLog` tells such
 * an identity from that of a room on its own.
 *
 * A description of ours tells: nats-server 2.9 forgets when a stream was created
 * if its limits are changed. One without it was made by others, or by a cluster;
 * its operator can write the identity that it has into its description.
 */
export const logIdOf = ({
	config: {name, description = ''},
	created,
}: Pick<StreamInfo, 'config' | 'created'>): string => {
	const [, said] = saidIdentity.exec(description) ?? [];
	if (said !== undefined) {
		return said;
	}

	const identity = ownIdentity.test(description) ? description : created;
	const hex = createHash('sha256').update(`${name}\n${identity}`).digest('hex');
	return [
		hex.slice(0, 8),
		hex.slice(8, 12),
		`8${hex.slice(13, 16)}`,
		`8${hex.slice(17, 20)}`,
		hex.slice(20, 32),
	].join('-');
};

/** What a stream's config has that a room's order can't stand. */
const otherShape = (
	{subjects, retention, storage, ...config}: StreamConfig,
	subject: string,
): string | undefined => {
	if (config.mirror ?? (config.sources?.length ? config.sources : undefined)) {
		return 'messages come from another stream';
	}

	if (subjects?.length !== 1 || subjects[0] !== subject) {
		return `subjects are ${(subjects ?? []).join(', ')}, not ${subject} alone`;
	}

	if (retention !== 'limits') {
		return `retention is ${retention}, not limits`;
	}

	if (storage !== 'file') {
		return `storage is ${storage}, not file`;
	}

	if (config.max_msgs_per_subject > 0) {
		return `limit is ${config.max_msgs_per_subject} messages a subject, and all are on one`;
	}

	if (config.no_ack) {
		return 'publishes are not acknowledged';
	}

	return config.sealed ? 'config says that it is sealed' : undefined;
};

export type StreamWish = {
	readonly room: string;
	/** Of a stream that is created. */
	readonly replicas: number;
	/** Whether the engine is a cluster. */
	readonly isClustered?: boolean | undefined;
	/** The room has a log from it: one made anew would be another. */
	readonly isKnown?: boolean | undefined;
	/** The history file that was begun from a stream, if there is one. */
	readonly begunIn?: string | undefined;
};

const findStream = async (
	jsm: JetStreamManager,
	name: string,
): Promise<StreamInfo | undefined> => {
	try {
		return await jsm.streams.info(name);
	} catch (error) {
		if (!/not found/i.test((error as Error).message)) {
			throw error;
		}

		return undefined;
	}
};

/** The stream of a room, created if it isn't there and never was. */
export const ensureStream = async (
	jsm: JetStreamManager,
	{room, replicas, isClustered = false, isKnown = false, begunIn}: StreamWish,
): Promise<StreamInfo> => {
	const name = streamOf(room);
	const {log} = subjectsOf(room);
	let info = await findStream(jsm, name);
	if (!info && isKnown) {
		throw streamGone(name);
	}

	if (!info && begunIn !== undefined) {
		throw streamMissing(name, begunIn);
	}

	if (!info) {
		try {
			info = await jsm.streams.add({
				name,
				// Nodes of a cluster take only the same stream twice at once; they
				// don't forget when it was created.
				...(!isClustered && {description: `sockchat log ${randomUUID()}`}),
				subjects: [log],
				retention: 'limits',
				discard: 'old',
				storage: 'file',
				num_replicas: replicas,
				max_bytes: streamBytes,
				duplicate_window: windowMs * nanoseconds,
				deny_delete: true,
				deny_purge: true,
			});
		} catch (error) {
			// Another server may have created it meanwhile, as another log.
			info = /already in use/i.test((error as Error).message)
				? await findStream(jsm, name)
				: undefined;
			if (!info) {
				throw streamNotMade(name, replicas, error as Error);
			}
		}
	}

	const why = otherShape(info.config, log);
	if (why !== undefined) {
		throw streamOfOtherShape(name, why);
	}

	return info;
};
