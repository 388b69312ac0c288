"""The characters and words that made-up names are built from, each character with its pinyin: data only."""

# A character that is read in two ways stands with the reading that names use.
_READINGS = """
an:安岸 ba:八坝 bai:白百 ban:半板 bao:包宝 bei:北 bi:壁碧 bian:边 bin:宾斌滨 bo:博 bu:布 cai:材菜蔡 can:餐 cang:仓
cao:曹草 cha:茶 chang:厂场常昌长 chao:朝超 che:车 chen:晨陈 cheng:城成程 chi:吃 chong:冲崇重 chuan:川 chuang:创
chun:春 ci:祠 cui:崔翠 cun:村 da:大打达 dai:代 dan:丹澹 dao:道 de:德 deng:灯邓 di:地帝底第邸 dian:店点电 ding:丁定
dong:东动董 dou:豆 du:杜渡 duan:段 er:二儿 fa:发 fan:繁范饭 fang:坊房放方纺芳 fei:飞 fen:粉 feng:丰冯凤峰风 fo:佛
fu:付复富府服福腐 gan:竿 gang:刚岗港 gao:高 ge:阁 gen:根 gong:公宫工龚 gou:购 gu:谷顾鼓 guan:关观馆 guang:光广 gui:桂
guo:国果郭锅 hai:海 han:涵韩 hang:航行 hao:号好浩豪 he:何合和河荷鹤 heng:恒横衡 hong:宏泓红鸿 hou:侯后 hu:湖胡葫
hua:化华花 huai:槐 huan:环 huang:凰皇隍黄 hui:会惠慧 huo:活火货 ji:吉技机纪际霁鸡 jia:佳嘉家贾 jian:健剪建箭
jiang:匠姜江蒋酱 jiao:教角饺 jie:杰洁结街解 jin:进金锦 jing:井京景经静 jiu:九酒 ju:巨 juan:娟 jun:俊军 kai:凯开
kang:康 kao:烤 ke:科客 kou:口 kuai:快 la:辣 lai:来 lan:兰岚 lao:劳老 le:乐 lei:磊雷 li:丽利李莉里 lian:莲 liang:梁
liao:廖蓼 lin:林 ling:岭泠玲 liu:六刘柳 long:弄隆龙 lou:楼 lu:卢芦路陆 luo:罗骡 lv:吕绿 ma:码马麻 mao:帽茂贸
mei:梅湄美 men:门 meng:孟 mi:米 mian:面 miao:庙 min:敏民 ming:名明 mo:磨 mu:幕木 nan:南 nei:内 nian:年 ning:宁 niu:牛
nong:农 pai:牌 pan:潘盘 pei:配 peng:彭 pin:品 ping:坪平萍 pu:铺 qi:七启旗期栖棋汽淇 qian:倩前 qiang:墙强 qiao:桥樵
qin:秦 qing:庆清青 qiu:球秋邱 qu:区渠 quan:泉 ran:染 rao:绕 ren:人任 rong:荣融 rou:肉 rui:瑞 run:润 san:三 sha:砂
shan:山扇 shang:上商尚 shao:烧 she:舍设 shen:沈神 sheng:生盛胜 shi:世十史实市时石食 shou:寿手 shu:书属树 shuang:双
shui:水 shun:顺 si:丝司四思 song:宋松 su:宿溯苏速 sun:孙 ta:塔 tai:太泰 tan:谭 tang:唐堂塘烫糖 tao:桃涛 teng:腾 ti:体
tian:天甜田 tie:铁 ting:婷庭汀 tong:同桐通 tou:头 tu:土 tuan:团 tuo:沱 wa:瓦 wai:外 wan:万湾 wang:望汪王
wei:伟卫味委未纬魏 wen:文 wu:五吴武物 xi:溪西 xia:下夏霞 xian:县线鲜 xiang:乡向巷湘祥 xiao:小晓肖 xie:械谢鞋
xin:心新欣鑫 xing:兴幸星杏 xiong:熊 xiu:秀绣 xu:徐许 xuan:宣 xue:学薛雪 ya:雅鸭 yan:沿燕盐眼艳验 yang:杨洋羊阳 yao:姚
ye:业叶 yi:一义医怡毅漪益衣谊 yin:印银音 ying:影英营迎 yong:勇永 you:友幼油 yu:于余宇寓玉育裕雨鱼
yuan:元园沅源苑袁远院 yue:悦月 yun:云芸运 zao:早皂 ze:泽 zeng:曾 zhai:宅寨 zhan:展站 zhang:张 zhao:照赵 zhen:振针镇
zheng:政正郑 zhi:志智纸织职芷 zhong:中钟 zhou:周州粥 zhu:主住朱珠竹 zhuan:砖转 zhuang:庄状装 zi:子字紫 zong:综 zou:邹
zu:族
"""
PINYIN: dict[str, str] = {
    character: reading
    for reading, characters in (group.split(":") for group in _READINGS.split())
    for character in characters
}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# what streets of the grown town are called everywhere
CLASSIC_ROADS = _words(
    """
    解放 人民 中山 建设 和平 胜利 文化 新华 光明 长江 黄河 北京 上海 广州 南京 民主 团结 友谊 幸福 青年 朝阳 向阳 红旗
    东风 五一 劳动 工农 前进 复兴 振兴 兴业 富民 民生 民族 学府 教育 体育 公园 车站 花园 健康 卫国 建国 建业 新民 新建
    凤凰 龙山 清溪 桃园 梅园 翠竹 青松 金山 银山 泰山 衡山 华山 天山 湘江 珠江 松江 沱江 太平 永安 长安 安定 兴隆 昌盛
    繁荣 富强 文明 崇文 宣武 文昌 武胜
    """
)
# streets of new quarters
NEW_ROADS = _words(
    "迎宾 创业 科技 高新 开发 发展 世纪 未来 星火 腾飞 启航 云海 智慧 会展 金融 时代 航天 国泰 新城 兴业"
)
# two-character names are built from these two
AUSPICIOUS_FIRST = tuple(
    "安百宝碧昌朝晨春翠丹德东丰福富光桂海和荷鹤恒红宏鸿华惠吉嘉建锦金景静康兰乐丽莲林龙隆绿茂梅美明宁平清庆秋泉荣瑞"
    "润三山胜盛石水顺松泰天同桐万望文新兴星秀阳怡益银迎永玉裕源远云泽正中紫"
)
AUSPICIOUS_SECOND = tuple(
    "安昌成达德丰福港谷光桂海和河恒湖花华惠吉江景康乐里林岭龙门明宁平桥清庆泉荣瑞润山盛石寿水顺松塘田通桐湾望文溪霞"
    "祥新兴学雅阳业益义园源远月悦云运泽珠竹"
)
# old trades, trees, gates and temples
LANES = _words(
    """
    槐树 豆腐 井头 书院 铁匠 石板 竹竿 灯草 油坊 米市 盐店 茶馆 状元 棋盘 马家 牌楼 塔后 庙前 祠堂 柳叶 桂花 梅花 桃花
    杏花 荷花 仓后 府前 县前 城隍 文庙 武庙 鼓楼 钟楼 东门 西门 南门 北门 水门 码头 渡口 打铁 打金 剪子 扇子 纸坊 染坊
    酒坊 糖坊 粉坊 磨坊 鸡鸭 牛市 羊市 骡马 草市 木行 砖瓦 线市 布市 衣铺 帽儿 鞋底 花布 锦绣 学宫 文星 司前 卫前 营房
    箭道 大井 小井 双井 三眼井 甜水井 石桥 板桥 竹林 水巷口 小河沿 后河 前河 城墙根 高墙 照壁 火神庙 关帝庙 观音堂 玉皇阁
    土地庙 半边 横街口 十字 转角 葫芦 丝线 针线 佛手 白果树 皂角树
    """
)
SURNAMES = tuple(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔"
    "谭陆范汪廖石金贾夏付方白邹熊孟秦邱侯江史顾薛雷龚"
)
GIVEN = tuple(
    "伟芳敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英玲斌鑫宇婷慧红莉浩凯倩建国志华春梅海燕文博欣怡子涵佳晨雨思晓雪峰俊"
    "毅洁萍兰"
)
# after a surname
VILLAGE_ENDS = _words("村 庄 湾 塘 桥头 岗 坪 店 寨 坝 冲 家村 家庄 家湾 家塘 家岗 家坪 家店 家寨 家冲")
# estates built since 2000
COMPOUND_ENDS_NEW = _words(
    "花园 家园 雅苑 名苑 嘉园 豪庭 华府 新城 国际 公馆 水岸 丽景 华庭 尚城 公园里 名邸 天下 景园"
)
# estates of work units
COMPOUND_ENDS_OLD = _words("小区 新村 公寓 大院 宿舍 家属院 住宅区 里")
# no real city is called so
CITY_NAMES = _words("岚川 泠阳 霁州 汀阳 沅宁 漪州 樵川 湄宁 芷州 淇宁 栖阳 澹州 泓宁 芸州 蓼阳 溯阳")
DISHES = _words(
    "面馆 饭店 小吃 酒家 火锅 米粉 烧烤 饺子馆 包子铺 砂锅 快餐 茶楼 粥铺 烤鱼 麻辣烫 牛肉面 家常菜 土菜馆 酱鸭 早点"
)
ORIGINS = _words(
    "川味 湘味 江南 东北 乡里 老城 巷口 河边 桥头 家乡 重庆 农家 山里 小镇 一品 三味 鸿福 好运来 老地方 老字号"
)
CINEMAS = _words("大地影城 星光影城 巨幕影城 环球影城 时代影城 人民影院")
MALLS = _words("广场 购物中心 百货大楼 商城 生活广场 时代广场")
MARKETS = _words("菜市场 农贸市场 综合市场 生鲜市场")
SCHOOLS = _words("小学 中学 实验小学 实验中学 幼儿园 职业中学")
WORKS = _words("机械厂 食品厂 纺织厂 服装厂 电子厂 建材厂 化工厂 汽配厂 印染厂")
