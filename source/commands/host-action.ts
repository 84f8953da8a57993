/** What a host can do about who is in its room. */
export type HostAction =
	| {
			readonly type: 'kick' | 'ban' | 'unban' | 'mute' | 'unmute';
			/** A nick; to ban also an address, uid:N or client:ID. */
			readonly who: string;
	  }
	| {readonly type: 'bans' | 'lock' | 'unlock'};
