/** The lessons by name, and the list of them. */
import {quoted, SockchatError} from '../errors.js';
import {isForScreen, parseLesson} from './lesson.js';
import {lessonTexts} from './texts.js';

export const lessonNames = Object.keys(lessonTexts);

export type FoundLesson = {
	readonly markdown: string;
	/** Whether it can be done on one screen. */
	readonly isForScreen: boolean;
};

/** @returns An error with the names that there are. */
export const findLesson = (name: string): FoundLesson | SockchatError => {
	const markdown = lessonTexts[name];
	return markdown === undefined || !lessonNames.includes(name)
		? new SockchatError(
				'ERR_USAGE',
				`${quoted(name)} is not a lesson; the lessons are ${lessonNames.slice(0, -1).join(', ')} and ${lessonNames.at(-1)!}.`,
			)
		: {markdown, isForScreen: isForScreen(parseLesson(markdown))};
};

/** Each lesson with what it shows. */
export const listLessons = (): string => {
	const width = Math.max(...lessonNames.map(name => name.length));
	const rows = lessonNames.map(name => {
		const lesson = parseLesson(lessonTexts[name]!);
		const where = isForScreen(lesson) ? '' : ' (in terminals)';
		return `  ${name.padEnd(width)}  ${lesson.title}${where}`;
	});
	return [
		'Lessons',
		...rows,
		'',
		'sockchat lesson NAME does one on this screen; those marked "in terminals" are',
		'printed, to be tried in several, as is each lesson off a terminal.',
	].join('\n');
};
