/**
 * Abbreviations whose full stop is seldom the end of a sentence, by language, without their last dot.
 * A language also has the common ones. Capitals matter where the table has them.
 */
import { baseOf } from "./words-joined.js";

/** Before a name or a word that explains: never an end without a pause. @type {Record<string, string>} */
const LEADING = {
  common: "Dr Prof Mr Mrs Ms St i.e e.g cf vs ca",
  en: "Messrs Rev Hon Gen Col Capt Lt Sgt Maj Cmdr Adm Gov Sen Rep Pres Mt Ft Supt Det Insp Fr v approx",
  es: "EE Sr Sra Sres Srta Dra D Dª Lic Ing Arq Gral Av Avda Ud Uds Vd Vds Sto Sta Pbro Mons p.ej ej aprox tel pza",
  pt: "Sr Sra Srs Srta Dra Profa Eng D Exmo Exma Av Sto Sta Pe p.ex ex aprox tel",
  fr: "M MM Mme Mmes Mlle Mlles Me Mgr Ste env p.ex ex av c.-à-d bd tél",
  it: "Sig Sig.ra Sigg Sig.na Dott Dott.ssa Prof.ssa Avv Ing Arch On Mons Spett Gent Egr p.es es ad.es tel",
  de: "Hr Fr Dipl Ing z.B d.h u.a bzw evtl ggf vgl bsp sog allg geb inkl zzgl i.d.R max min tel",
  ca: "Sr Sra Srs Dra Mn Av Avda ctra p.ex ex tel aprox",
  gl: "Sr Sra Srs Dra D Dna Av Avda p.ex ex tel aprox",
  nl: "dhr mevr mw drs ir ing bijv bv d.w.z o.a i.p.v m.b.t",
  sv: "t.ex bl.a d.v.s ca",
  da: "f.eks bl.a dvs ca",
  no: "f.eks bl.a dvs ca",
  pl: "np dr prof ul św tzn tj inż mgr",
  ru: "г гг ул д т.е им проф акад см",
  uk: "м вул д т.е т.зв ім проф див",
  tr: "Sn Av Doç bkz",
  el: "κ κα π.χ δηλ Δρ",
  ar: "د أ م",
  hi: "डॉ प्रो श्री पं",
};

/** Before a number. @type {Record<string, string>} */
const NUMBERED = {
  common: "No Nos no nr Nr vol Vol p pp art Art fig Fig cap",
  en: "Ch ch Sec sec Eq eq",
  es: "n núm núms pág págs n.º",
  pt: "n núm pág págs nº n.º",
  fr: "n chap nº",
  it: "n num pag pagg",
  de: "S Abs Kap Bd",
  ca: "núm pàg pàgs",
  gl: "núm páx páxs",
};

/** May also end a sentence: where the next word is likely to begin one. @type {Record<string, string>} */
const TRAILING = {
  common: "etc a.m p.m A.M P.M U.S U.K U.S.A D.C Ph.D M.D B.C A.D Inc Ltd Co Corp Jr Sr Bros al",
  en: "Ave Blvd Rd est dept Dept Univ Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thurs Fri Sat Sun",
  es: "EE.UU UU S.A S.L a.C d.C máx mín",
  pt: "Ltda Cia S.A a.C d.C",
  fr: "J.-C S.A",
  it: "S.p.A S.r.l a.C d.C ecc",
  de: "usw usf u.s.w v.Chr n.Chr o.Ä Str Mio Mrd Jh",
  ca: "S.A S.L a.C d.C",
  gl: "S.A S.L a.C d.C",
  nl: "enz e.d",
  sv: "osv",
  da: "osv",
  no: "osv",
  pl: "itd itp r godz",
  ru: "т.д т.п др руб",
  uk: "т.д т.п др грн",
  tr: "vb vs",
};

/** Languages that write "third" as `3.`. */
const ORDINAL_DOTS = "bs cs da de et fi hr hu is lv nb nn no pl sk sl sr tr".split(" ");

/** @type {Map<string, {leading: Set<string>, numbered: Set<string>, trailing: Set<string>}>} */
const sets = new Map();

/** @param {string} language its tag */
function of(language) {
  const base = baseOf(language).replace(/^n[bn]$/, "no");
  const own = (/** @type {Record<string, string>} */ table) => new Set(`${table.common} ${table[base] ?? ""}`.split(" "));
  const known = sets.get(base) ?? { leading: own(LEADING), numbered: own(NUMBERED), trailing: own(TRAILING) };
  sets.set(base, known);
  return known;
}

/**
 * What the word with a full stop is, apart from the end of a sentence. "initial" also stands for the
 * parts of `z. B.` and `a. m.`, which some recognisers give one by one.
 * @param {string} word without its last dot @param {string} language its tag
 * @returns {"leading" | "numbered" | "trailing" | "initial" | "ordinal" | "number" | "none"}
 */
export function kindOf(word, language) {
  const { leading, numbered, trailing } = of(language);
  if (numbered.has(word)) return "numbered";
  if (has(leading, word)) return "leading";
  if (has(trailing, word) || isLetters(word)) return "trailing";
  if (/^\p{L}\p{M}*$/u.test(word)) return "initial";
  if (/^\d{1,3}$/.test(word) && ORDINAL_DOTS.includes(baseOf(language))) return "ordinal";
  return /\d$/.test(word) ? "number" : "none";
}

/** Where only the first letter is a capital, it may come from the sentence's beginning. @param {Set<string>} words @param {string} word */
function has(words, word) {
  return words.has(word) || words.has(word.charAt(0).toLowerCase() + word.slice(1));
}

/** `N.A.S.A`, `p.ej`, `Ph.D`: at least one part is a letter, which keeps `bbc.com` out. @param {string} word */
function isLetters(word) {
  return /^\p{L}{1,4}(?:\.-?\p{L}{1,4})+$/u.test(word) && word.split(".").some((part) => part.length === 1);
}
