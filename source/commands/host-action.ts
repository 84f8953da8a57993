/** What a host can do about the members of its room. */
export type HostAction =
	| {
			readonly type: 'kick' | 'ban' | 'unban' | 'mute' | 'unmute';
			/** A nick; ban and unban also take an address, uid:N or client:ID. */
			readonly who: string;
	  }
	| {readonly type: 'bans' | 'lock' | 'unlock'};
