export * as Lesson from "./Lesson.js";
