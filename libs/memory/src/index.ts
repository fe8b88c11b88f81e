export * as Drivers from "./risk/Drivers.js";
export * as Features from "./risk/Features.js";
export * as Lesson from "./Lesson.js";
export * as Model from "./risk/Model.js";
export * as Pairs from "./pairs/Pairs.js";
export * as Prior from "./risk/Prior.js";
export * as Rates from "./risk/Rates.js";
export * as Situation from "./risk/Situation.js";
