/**
 * Small words of the languages that are dictated most: where a long sentence may be cut, where it may
 * not, and how a sentence is likely to begin. Other languages are cut at their commas and pauses.
 */
import { baseOf } from "./words-joined.js";

/**
 * `joins`: a clause begins with it. `binds`: belongs to the word after it. `opens`: begins sentences.
 * @type {Record<string, {joins: string, binds: string, opens: string}>}
 */
const WORDS = {
  en: {
    joins: "and but or so because which who when where while although though if unless since until whereas nor yet",
    binds:
      "the a an my your his her its our their this these those of to in on at by for from with into onto upon about over under between through during without within against among as than no all every each some any very is are was were be been will would can could shall should may might must not",
    opens: "i he she it we you they there that what why how here now then today tomorrow yes please let thank after before everyone everybody nobody someone both many most",
  },
  es: {
    joins: "y e pero o u sino porque que cuando donde mientras aunque si pues ni como",
    binds:
      "el la los las un una unos unas mi mis tu tus su sus este esta estos estas ese esa de del a al en con por para sin sobre entre hasta desde hacia según muy no se lo le les es son",
    opens: "yo él ella nosotros ellos ustedes eso esto aquí ahora hoy después luego gracias todos todas todo nadie algunos muchos hay qué quién cómo",
  },
  pt: {
    joins: "e mas ou porque que quando onde enquanto embora se pois nem como porém",
    binds:
      "o a os as um uma uns umas meu minha seu sua nosso nossa este esta esse essa de do da dos das em no na nos nas a ao à aos às com por pelo pela para sem sobre entre até desde muito não é são",
    opens: "eu ele ela nós eles você vocês isso isto aqui agora hoje depois obrigado todos todas tudo ninguém alguns muitos há quem",
  },
  fr: {
    joins: "et mais ou donc car ni parce que qui quand où lorsque tandis puisque si comme",
    binds:
      "le la les l' un une des du de d' mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet cette ces à au aux en dans sur sous par pour avec sans chez entre vers très ne n' pas est sont",
    opens: "je j' il elle on nous vous ils elles cela ça c' voici maintenant aujourd'hui puis merci pourquoi comment après tous toutes tout chacun personne",
  },
  it: {
    joins: "e ed ma o oppure perché che quando dove mentre anche se né quindi come",
    binds:
      "il lo la i gli le l' un uno una mio mia suo sua nostro nostra questo questa di del dello della dei degli delle a al allo alla ai in nel nella con su sul sulla per da dal dalla tra fra senza molto non è sono",
    opens: "io lui lei noi voi loro ciò qui ora adesso oggi poi grazie c'è chi cosa dopo tutti tutte tutto ognuno nessuno",
  },
  de: {
    joins: "und aber oder denn weil dass wenn als während obwohl damit sondern ob wo",
    binds:
      "der die das den dem des ein eine einen einem einer eines mein meine sein seine ihr ihre unser unsere dieser diese dieses in im an am auf aus bei beim mit nach von vom zu zum zur für über unter vor hinter zwischen durch ohne um gegen sehr nicht kein keine ist sind",
    opens: "ich er sie es wir man hier jetzt heute dann danke warum wie was wer da nun so alle alles jeder niemand viele",
  },
  ca: {
    joins: "i però o perquè que quan on mentre encara si doncs ni com",
    binds:
      "el la els les l' un una uns unes en na meu meva seu seva aquest aquesta de del dels d' a al als en amb per pel sense sobre entre fins des cap molt no és són",
    opens: "jo ell ella nosaltres ells vostè això aquí ara avui després gràcies tots totes tothom ningú hi què qui",
  },
  gl: {
    joins: "e pero mais ou porque que cando onde mentres aínda se pois nin como",
    binds:
      "o a os as un unha uns unhas meu miña seu súa este esta ese esa de do da dos das en no na nos nas a ao á con por polo pola para sen sobre entre ata desde moi non é son",
    opens: "eu el ela nós eles vostede iso isto aquí agora hoxe despois grazas todos todas todo ninguén hai quen",
  },
  nl: {
    joins: "en maar of want omdat dat als toen terwijl hoewel zodat",
    binds:
      "de het een mijn jouw zijn haar ons onze hun deze die dit van in op aan bij met naar uit voor over onder tussen door zonder tot te om tegen zeer niet geen is",
    opens: "ik hij zij ze wij we jij je u er hier nu vandaag dan dank waarom wat wie iedereen niemand alle",
  },
};

/** @typedef {{joins: Set<string>, binds: Set<string>, opens: Set<string>}} FunctionWords */
/** @type {Map<string, FunctionWords>} */
const sets = new Map();

/** @param {string} language its tag @returns {FunctionWords} empty sets where the language has none here */
function of(language) {
  const base = baseOf(language);
  const { joins, binds, opens } = WORDS[base] ?? { joins: "", binds: "", opens: "" };
  const known = sets.get(base) ?? { joins: setOf(joins), binds: setOf(binds), opens: setOf(`${joins} ${binds} ${opens}`) };
  sets.set(base, known);
  return known;
}

/** @param {string} words */
function setOf(words) {
  return new Set(words.split(" ").filter(Boolean));
}

/** Whether a clause begins with the word. @param {string} word @param {string} language */
export function joins(word, language) {
  return of(language).joins.has(plain(word));
}

/** Whether the word wants the one after it: "the", "of", also "and". @param {string} word @param {string} language */
export function binds(word, language) {
  const words = of(language);
  return words.binds.has(plain(word)) || words.joins.has(plain(word));
}

/** Whether the word is likely to begin a sentence: a capital, and a word that names do not begin with. @param {string} word @param {string} language */
export function opens(word, language) {
  return /^\p{Lu}/u.test(word) && (of(language).opens.has(plain(word)) || of(language).opens.has(stem(word)));
}

/** @param {string} word */
function plain(word) {
  return word.toLowerCase().replace(/’/g, "'");
}

/** Before an apostrophe: `It's`, `L'homme`. @param {string} word */
function stem(word) {
  const [first = "", second] = plain(word).split("'");
  return second && first.length < 2 ? `${first}'` : first;
}
