/**
 * The tags by which recognisers know the languages of Amazon Translate: with a region, as Google's list
 * has them (https://cloud.google.com/speech-to-text/docs/speech-to-text-supported-languages). Safari
 * and Edge take the same ones.
 */
const TAGS =
  "af-ZA sq-AL am-ET ar-SA hy-AM az-AZ bn-BD bs-BA bg-BG ca-ES hr-HR cs-CZ da-DK nl-NL en-US et-EE fa-IR " +
  "fi-FI fr-FR ka-GE de-DE el-GR gu-IN ht-HT ha-NG he-IL hi-IN hu-HU is-IS id-ID ga-IE it-IT ja-JP kn-IN " +
  "kk-KZ ko-KR lv-LV lt-LT mk-MK ms-MY ml-IN mt-MT mr-IN mn-MN ps-AF pl-PL pt-BR pa-Guru-IN ro-RO ru-RU " +
  "sr-RS si-LK sk-SK sl-SI so-SO es-ES sw-KE sv-SE ta-IN te-IN th-TH tr-TR uk-UA ur-PK uz-UZ vi-VN cy-GB gl-ES";

/** @type {Record<string, string>} */
const OTHERS = { zh: "cmn-Hans-CN", "zh-TW": "cmn-Hant-TW", no: "nb-NO", tl: "fil-PH", "fa-AF": "fa-IR" };

/** @param {string} code the language that is spoken, as the engine spells it */
export function recognitionTag(code) {
  return OTHERS[code] ?? TAGS.split(" ").find((tag) => tag.startsWith(`${code}-`)) ?? code;
}
