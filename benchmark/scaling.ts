/**
 * What follows from the costs of a message: the figures of docs/scaling.md,
 * printed by benchmark/relay.ts and checked by test/docs/scaling.test.ts.
 */

/** CPU of one message, in µs. */
export type Costs = {
	/** Of each server. */
	readonly server: number;
	/** Of a server, for each of its members. */
	readonly member: number;
	/** Of the engine, to store it. */
	readonly store: number;
	/** Of the engine, for each server. */
	readonly deliver: number;
};

/** Of a server, for each member: see docs/costs.md. */
export const memberUs = 0.12;

/** As the page rounds: two digits, downwards. */
export const rounded = (value: number): number => {
	const digit = 10 ** (Math.floor(Math.log10(value)) - 1);
	return Math.floor(value / digit + 1e-9) * digit;
};

/** How many messages per second one core of a server takes. */
export const serverRate = (
	{server, member}: Costs,
	{members}: {readonly members: number},
): number => rounded(1e6 / (server + member * members));

/** How many messages per second and room one core of the engine takes. */
export const engineRate = (
	{store, deliver}: Costs,
	{
		servers,
		rooms = 1,
		nodes = 1,
	}: {
		readonly servers: number;
		/** On the same engine. */
		readonly rooms?: number;
		/** That deliver, each to its part of the servers. */
		readonly nodes?: number;
	},
): number => rounded(1e6 / (rooms * (store + (deliver * servers) / nodes)));

/** How many messages per second two cores take, of all servers and the engine. */
export const sharedRate = (
	{server, store, deliver}: Costs,
	servers: number,
): number => rounded(2e6 / (servers * server + store + deliver * servers));

/** The beats of some rooms, in MB per second. */
export const beatsRate = (
	rooms: number,
	servers: number,
	members: number,
): number => (rooms * servers ** 2 * 60 * members) / 2 / 1e6;

/** The rooms that the page works out, on one engine: servers and members. */
export const rooms = [
	{servers: 3, members: 100},
	{servers: 10, members: 100},
	{servers: 100, members: 100},
	{servers: 100, members: 1000},
	{servers: 1000, members: 100},
] as const;

/** Those on a supercluster. */
export const superclusters = [
	{sites: 1, rooms: 1, servers: 10, members: 100},
	{sites: 1, rooms: 100, servers: 10, members: 100},
	{sites: 1, rooms: 1000, servers: 10, members: 100},
	{sites: 10, rooms: 1000, servers: 10, members: 100},
	{sites: 10, rooms: 10, servers: 100, members: 100},
	{sites: 10, rooms: 10, servers: 100, members: 1000},
	{sites: 10, rooms: 1, servers: 1000, members: 100},
] as const;

// Each site of the page has three nodes, and a room three copies.
const nodes = 3;

/** A row's figures: what a server and the engine take, and the beats. */
export const superclusterFigures = (
	costs: Costs,
	each: (typeof superclusters)[number],
) => {
	const {sites, servers, members} = each;
	const perSite = Math.max(1, each.rooms / sites);
	return {
		members: each.rooms * servers * members,
		server: serverRate(costs, {members}),
		engine: engineRate(costs, {servers, rooms: perSite, nodes}),
		beats: beatsRate(perSite, servers, members),
	};
};
