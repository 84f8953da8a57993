/**
 * The lines of a recording. All but the head and `fin` are the events that
 * `--json` prints.
 */
import type {ChunkObject} from './chunk-objects.js';

/** Whose `out` is what: of a proxy's, it goes from the client to the target. */
export type RecordedSide = 'connect' | 'serve' | 'proxy';

export type RecordingHead = {
	readonly type: 'recording';
	readonly v: 1;
	readonly side: RecordedSide;
	/** Where it connected to, or was to listen. */
	readonly address: string;
	readonly at: number;
};

export type RecordingLine =
	| ChunkObject
	| {
			readonly type: 'state';
			readonly phase: 'open';
			readonly at: number;
			readonly local?: string | undefined;
			readonly remote?: string | undefined;
	  }
	| {
			readonly type: 'state';
			readonly phase: 'closed';
			readonly at: number;
			readonly cause?: {readonly code: string; readonly message: string};
	  }
	| {readonly type: 'accepted'; readonly at: number; readonly peer: string}
	| {
			readonly type: 'ended';
			readonly at: number;
			readonly peer: string;
			readonly reason: string;
			readonly bytesIn: number;
			readonly bytesOut: number;
	  }
	/** A direction has ended. */
	| {
			readonly type: 'fin';
			readonly direction: 'in' | 'out';
			readonly peer: string | undefined;
			readonly at: number;
	  };
